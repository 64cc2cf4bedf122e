// Brief: the plan goes up as it is, the tasks come down one by one.
(() => {
  const BETWEEN = "<!--next-->";

  async function brief(form) {
    const into = form.parentElement.querySelector(".brief"), button = form.querySelector(".primary");
    const asked = new FormData(form);
    if (!asked.get("plan").trim() && !asked.get("file")?.size) { form.querySelector("textarea").focus(); return; }
    if (!asked.get("file")?.size) asked.delete("file");
    button.disabled = true;
    into.replaceChildren();
    into.setAttribute("aria-busy", "true");
    try {
      const response = await fetch("/parts/brief", { method: "POST", body: asked });
      if (!response.ok) throw await problemOf(response);
      await follow(response.body, (piece) => add(into, piece));
      into.querySelector(".briefed .stage")?.remove();
      if (token(into)) lessons.address({ tab: "brief", brief: token(into) });
      remember(into);
    } catch (error) {
      into.append(lessons.problem(error.reason ?? "The server does not answer.", error.remedy ?? "Try again."));
    } finally {
      button.disabled = false;
      into.removeAttribute("aria-busy");
    }
  }

  async function problemOf(response) {
    try { return await response.json(); } catch { return { reason: await response.text(), remedy: "" }; }
  }

  async function follow(stream, each) {
    const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read()) {
      const pieces = (rest + value).split(BETWEEN);
      rest = pieces.pop();
      pieces.forEach(each);
    }
    if (rest.trim()) each(rest);
  }

  // The server escapes all that stands in documents and plans.
  const add = (into, piece) => into.insertAdjacentHTML("beforeend", piece);

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-brief]")) return;
    event.preventDefault();
    brief(event.target);
  });
  // A brief has an address, and what is ticked is ticked again when it is opened anew, and in what is saved.
  const token = (within) => within?.querySelector("[data-token]")?.dataset.token ?? "";
  const boxes = (within) => [...within.querySelectorAll(".todo input")];
  const ticked = (within) => boxes(within).flatMap((box, number) => (box.checked ? [String(number)] : []));
  const remember = (into) => { if (token(into)) sessionStorage.setItem(token(into), ticked(into).join(" ")); };
  document.addEventListener("change", ({ target }) => {
    if (target.matches(".todo input")) remember(target.closest(".brief"));
  });
  document.addEventListener("htmx:afterSwap", ({ detail: { target } }) => {
    if (target.id !== "brief" || !token(target)) return;
    const done = (sessionStorage.getItem(token(target)) ?? "").split(" ");
    boxes(target).forEach((box, number) => { box.checked = done.includes(String(number)); });
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-save]");
    if (!link) return;
    const address = new URL(link.href);
    address.search = new URLSearchParams(ticked(link.closest(".brief")).map((number) => ["done", number]));
    link.href = address;
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("form:has([data-chosen]) input[type=file]")) tell(event.target);
  });
  const tell = (input) => {
    const said = input.form.querySelector("[data-chosen]");
    said.dataset.before ??= said.textContent;
    said.textContent = [...input.files].map((file) => file.name).join(", ") || said.dataset.before;
  };
  document.addEventListener("htmx:afterRequest", ({ detail: { elt, successful } }) => {
    const input = successful && elt.matches?.("form[hx-encoding]") && elt.querySelector("input[type=file]");
    if (input) { input.value = ""; tell(input); }
  });

  // Files may be dropped anywhere on a form that takes some.
  const target = (event) => event.target.closest?.("form:has(input[type=file])");
  document.addEventListener("dragover", (event) => {
    const form = target(event);
    if (!form) return;
    event.preventDefault();
    form.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => target(event)?.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    const form = target(event);
    if (!form || !event.dataTransfer.files.length) return;
    event.preventDefault();
    form.classList.remove("over");
    const input = form.querySelector("input[type=file]");
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
})();

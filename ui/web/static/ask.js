// The composer and the conversation: what is typed or clicked goes to the server as an event of a Gradio box, and what
// comes back is put where it belongs without moving what is being read.
(() => {
  const boxes = {};
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const find = (selector, within = document) => within.querySelector(selector);
  let shown = 0, asks = 0, sent = "";

  // The boxes of the page say so when they are there; see `ui/web/chat.py`.
  const reached = ([name, element, trigger]) => {
    boxes[name] = trigger;
    htmx.process(element);
    if (name === "composer") wireComposer();
    if (name === "conversation") watch();
    document.dispatchEvent(new CustomEvent("reached", { detail: name }));
  };

  const asking = () => Boolean(find("#now .said[aria-busy]"));

  function ask(question, { filters = chosen(), ignore = [], at } = {}) {
    if (!question.trim() || asking()) return false;
    lessons.show("ask");
    asks += 1;
    boxes.composer("submit", { question, filters, ignore, ...(at === undefined ? {} : { at }) });
    return true;
  }

  function chosen() {
    const fields = [...document.querySelectorAll("#choices select")].filter((field) => field.value);
    return Object.fromEntries(fields.map((field) => [field.name, field.value]));
  }

  function wireComposer() {
    const form = find("#asking-form"), box = find("#question");
    const fit = () => {
      box.style.height = "auto";
      if (box.value) box.style.height = `${Math.min(box.scrollHeight, 180)}px`;
    };
    // The question stays in its box until it has arrived: a server that is gone must not lose it.
    const send = () => {
      const question = box.value.trim();
      if (question === sent || !ask(question)) return;
      sent = question;
      setTimeout(() => { sent = ""; }, 5000);
    };
    document.addEventListener("arrived", () => {
      if (sent && box.value.trim() === sent) box.value = "";
      sent = "";
      fit();
    });
    form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
    box.addEventListener("input", fit);
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      send();
    });
    find("#stop").addEventListener("click", () => stop());
    form.addEventListener("change", tellChosen);
    form.addEventListener("click", (event) => {
      if (event.target.id !== "no-filters") return;
      document.querySelectorAll("#choices select").forEach((field) => { field.value = ""; });
      tellChosen();
    });
    if (!matchMedia("(pointer: coarse)").matches) box.focus({ preventScroll: true });
  }

  // A piece of the answer that was on its way when it was stopped may come after the stop and look as if it went on.
  function stop(left = 5) {
    boxes.composer("stop");
    const at = asks;
    if (left) setTimeout(() => { if (asks === at && asking()) stop(left - 1); }, 1500);
  }

  function tellChosen() {
    const count = Object.keys(chosen()).length;
    find("#chosen").textContent = count ? `(${count})` : "";
  }

  // A new question comes to the top of the window, so that its answer grows below it and moves nothing.
  function watch() {
    let wasAsking = false, kept = "";
    new MutationObserver(() => {
      const turns = document.querySelectorAll(".turn").length;
      const busy = asking();
      if (turns !== shown && busy) {
        find("#now .turn")?.scrollIntoView({ block: "start", behavior: calm.matches ? "auto" : "smooth" });
      }
      shown = turns;
      document.body.classList.toggle("conversing", turns > 0);
      find("#stop").hidden = !busy;
      find("#send").hidden = busy;
      if (busy && !wasAsking) document.dispatchEvent(new Event("arrived"));
      if (busy !== wasAsking) say(busy ? "Searching the library" : summary());
      if (!busy) document.querySelectorAll("#past form, #now form").forEach((form) => htmx.process(form));
      if (wasAsking && !busy) htmx.trigger(document.body, "answered");
      wasAsking = busy;
      const now = find("#now [data-conversation]")?.dataset.conversation ?? "";
      if (now && now !== kept) lessons.address({ c: now });
      kept = now;
    }).observe(find("#ask"), { childList: true, subtree: true });
    const address = new URL(location).searchParams;
    open(address.get("c") ?? "");
  }

  const open = (kept) => boxes.conversation("select", { open: kept });

  function summary() {
    const turn = find("#now .turn");
    if (!turn) return "";
    if (find(".problem", turn)) return find(".problem", turn).textContent;
    if (find(".none", turn)) return find(".none", turn).textContent;
    const claims = turn.querySelectorAll(".claim").length, records = turn.querySelectorAll(".record").length;
    return `Answered: ${claims} ${claims === 1 ? "sentence" : "sentences"} from ${records} ${records === 1 ? "record" : "records"}.`;
  }

  const say = (text) => { if (find("#said")) find("#said").textContent = text; };

  const readTurn = (element) => {
    const { number, question, filters, ignore } = element.closest(".turn").dataset;
    return { question, at: Number(number), filters: JSON.parse(filters), ignore: JSON.parse(ignore) };
  };

  function retry(from) {
    const { question, ...how } = readTurn(from);
    ask(question, how);
  }

  function drop(from) {
    const { question, ...how } = readTurn(from);
    const name = from.dataset.drop;
    if (from.dataset.read === "1") how.ignore.push(name);
    else delete how.filters[name];
    ask(question, how);
  }

  // The question becomes a box to write in, in its own place.
  function edit(from) {
    const { question, ...how } = readTurn(from);
    const head = from.closest(".asked"), before = [...head.childNodes];
    const box = Object.assign(document.createElement("textarea"), { value: question, rows: 2 });
    box.setAttribute("aria-label", "Edit the question");
    const button = (text, type, className) => Object.assign(document.createElement("button"), { textContent: text, type, className });
    const form = Object.assign(document.createElement("form"), { className: "editing" });
    const cancel = button("Cancel", "button", "tool");
    form.append(box, button("Ask", "submit", "primary"), cancel);
    const back = () => { head.replaceChildren(...before); from.focus(); };
    cancel.onclick = back;
    form.onsubmit = (event) => { event.preventDefault(); if (!ask(box.value, how)) back(); };
    form.onkeydown = (event) => {
      if (event.key === "Escape") { event.stopPropagation(); back(); }
      if (event.key === "Enter" && !event.shiftKey && event.target === box) { event.preventDefault(); form.requestSubmit(); }
    };
    head.replaceChildren(form);
    box.focus();
  }

  document.addEventListener("click", (event) => {
    const on = (selector) => event.target.closest(selector);
    const suggested = on("[data-ask]");
    if (suggested) ask(suggested.dataset.ask);
    else if (on("[data-retry]")) retry(on("[data-retry]"));
    else if (on("[data-edit]")) edit(on("[data-edit]"));
    else if (on("[data-drop]")) drop(on("[data-drop]"));
  });

  window.lessons = { ...window.lessons, ask, open, say };
  const early = window.lessonsReached ?? [];
  window.lessonsReached = { push: reached };
  // Gradio may have shown its boxes before this script ran; the others beside it have to run first.
  document.addEventListener("DOMContentLoaded", () => early.forEach(reached));
})();

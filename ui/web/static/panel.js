// The source beside the conversation: a page picture with the quote marked, or the quote in its surrounding text.
// What comes from a document is set as text, or as HTML that the server made and escaped.
(() => {
  const ZOOMS = [1, 1.35, 1.8, 2.5];
  const narrow = matchMedia("(max-width: 899px)");
  let parts, opener, view, page, zoom, request = 0;

  const make = (tag, props = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), props);
    element.append(...children);
    return element;
  };
  const button = (text, label, action) => {
    const element = make("button", { type: "button", textContent: text, title: label, onclick: action });
    element.setAttribute("aria-label", label);
    return element;
  };

  function build() {
    const title = make("h2", { id: "panel-title" });
    const name = make("p", { className: "panel-name" });
    const close = button("✕", "Close the source", hide);
    const where = make("span", { className: "panel-where" });
    const back = button("‹", "Previous page", () => showPage(page - 1));
    const on = button("›", "Next page", () => showPage(page + 1));
    const smaller = button("−", "Smaller", () => setZoom(zoom - 1));
    const larger = button("+", "Larger", () => setZoom(zoom + 1));
    const pages = make("span", { className: "panel-pages" }, back, where, on, smaller, larger);
    const original = make("a", { target: "_blank", rel: "noopener", textContent: "Open original" });
    const record = make("a", { textContent: "Open record" });
    const copy = button("Copy reference", "Copy a reference to this passage", copyReference);
    copy.className = "panel-copy";
    const links = make("span", { className: "panel-links" }, record, original, copy);
    const body = make("div", { className: "panel-body", tabIndex: 0 });
    body.setAttribute("role", "region");
    body.setAttribute("aria-label", "Passage");
    const root = make("div", { id: "panel", hidden: true },
      make("div", { className: "panel-head" }, make("div", {}, title, name), close),
      make("div", { className: "panel-tools" }, pages, links), body);
    root.setAttribute("aria-labelledby", "panel-title");
    root.addEventListener("keydown", keepFocus);
    document.body.append(root);
    return { root, title, name, close, where, back, on, smaller, larger, pages, links, original, record, copy, body };
  }

  async function show(from) {
    parts ??= build();
    opener = from;
    const mine = ++request;
    const { source, start, end } = from.dataset;
    reveal();
    try {
      const found = await get(`/documents/${source}/text?start=${start}&end=${end}`);
      if (mine !== request) return;
      view = { ...found, source, start, end };
      parts.title.textContent = view.title;
      parts.name.textContent = view.name === view.title ? "" : view.name;
      parts.original.href = `/documents/${source}${view.page ? `#page=${view.page}` : ""}`;
      parts.links.hidden = false;
      parts.original.hidden = !view.whole;
      parts.record.hidden = !view.lesson_id;
      parts.record.href = `/?tab=library&record=${encodeURIComponent(view.lesson_id)}`;
      parts.copy.textContent = "Copy reference";
      zoom = 0;
      if (view.pages) showPage(view.page);
      else showText();
    } catch (error) {
      if (mine !== request) return;
      parts.title.textContent = "Source";
      parts.name.textContent = "";
      parts.pages.hidden = parts.links.hidden = true;
      parts.body.replaceChildren(notice(error.message));
    }
  }

  async function get(url) {
    const response = await fetch(url).catch(() => { throw new Error("The server does not answer. Is it still running?"); });
    if (response.ok) return response.json();
    const said = await response.text();
    throw new Error(response.headers.get("Content-Type")?.includes("json") ? JSON.parse(said).reason : said);
  }

  const notice = (text) => {
    const element = make("p", { className: "panel-notice", textContent: text });
    element.setAttribute("role", "alert");
    return element;
  };

  function showText(problem) {
    parts.pages.hidden = true;
    const text = make("div", { className: "panel-text", dir: "auto", innerHTML: view.html });  // escaped by the server
    parts.body.replaceChildren(...(problem ? [notice(problem)] : []), text);
    text.querySelector("mark")?.scrollIntoView({ block: "center" });
  }

  async function copyReference() {
    const kept = make("textarea", { value: view.reference, className: "unseen" });
    parts.root.append(kept);
    kept.select();
    try { await navigator.clipboard.writeText(view.reference); } catch { document.execCommand("copy"); }  // no https
    kept.remove();
    parts.copy.textContent = "Copied";
    parts.copy.focus();
  }

  async function showPage(number) {
    const mine = ++request;
    page = number;
    parts.pages.hidden = false;
    parts.where.textContent = `Page ${page} of ${view.pages}`;
    parts.back.disabled = page <= 1;
    parts.on.disabled = page >= view.pages;
    const address = `/documents/${view.source}/pages/${page}`;
    const picture = make("img", { alt: `Page ${page} of ${view.name}`, width: 850, height: 1100 });
    const sheet = make("div", { className: "panel-page" }, picture);
    const quoted = make("blockquote", { textContent: view.quote });
    parts.body.replaceChildren(...(page === view.page ? [quoted] : []), sheet);
    parts.body.scrollTop = 0;
    setZoom(zoom);
    try {
      const { boxes } = await get(`${address}/boxes?start=${view.start}&end=${view.end}`);
      if (mine !== request) return;
      picture.src = `${address}.png?width=${Math.min(2400, Math.round(sheet.clientWidth * devicePixelRatio * 1.5))}`;
      await picture.decode();
      if (mine !== request) return;
      picture.removeAttribute("width");
      picture.removeAttribute("height");
      sheet.append(...boxes.map(highlight));
      sheet.querySelector(".panel-box")?.scrollIntoView({ block: "center", inline: "nearest" });
    } catch (error) {
      if (mine === request) showText(error.message || "The page cannot be drawn. This is its text as indexed.");
    }
  }

  function highlight({ left, top, right, bottom }) {
    const box = make("div", { className: "panel-box" });
    const percent = (fraction) => `${fraction * 100}%`;
    Object.assign(box.style, {
      left: percent(left), top: percent(top), width: percent(right - left), height: percent(bottom - top),
    });
    return box;
  }

  function setZoom(step) {
    zoom = Math.max(0, Math.min(ZOOMS.length - 1, step));
    parts.smaller.disabled = zoom === 0;
    parts.larger.disabled = zoom === ZOOMS.length - 1;
    parts.body.style.setProperty("--zoom", ZOOMS[zoom]);
  }

  function reveal() {
    parts.root.hidden = false;
    markOpener();
    cover();
    parts.close.focus();
  }

  function hide() {
    if (!parts || parts.root.hidden) return;
    request += 1;
    parts.root.hidden = true;
    markOpener();
    cover();
    const { source, start, end } = opener.dataset;
    const again = `[data-source="${source}"][data-start="${start}"][data-end="${end}"]`;
    (opener.isConnected ? opener : document.querySelector(again))?.focus();
  }

  function markOpener() {
    document.querySelectorAll("[data-source][aria-expanded]").forEach((one) => one.removeAttribute("aria-expanded"));
    if (!parts.root.hidden) opener.setAttribute("aria-expanded", "true");
  }

  // On a narrow window the panel covers the page and takes the keyboard; on a wide one it stands beside it.
  function cover() {
    if (!parts) return;
    const covers = narrow.matches && !parts.root.hidden;
    document.querySelector("gradio-app").inert = covers;
    parts.root.setAttribute("role", covers ? "dialog" : "complementary");
    if (covers) parts.root.setAttribute("aria-modal", "true");
    else parts.root.removeAttribute("aria-modal");
  }

  function keepFocus(event) {
    if (event.key !== "Tab" || !narrow.matches) return;
    const stops = [...parts.root.querySelectorAll("button:not(:disabled), a[href], [tabindex='0']")]
      .filter((one) => one.offsetParent);
    const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
    if (document.activeElement !== edge) return;
    event.preventDefault();
    (event.shiftKey ? stops[stops.length - 1] : stops[0]).focus();
  }

  document.addEventListener("click", (event) => {
    const from = event.target.closest("[data-source]");
    if (from) { hint(); show(from); }
  });

  // The quote behind a number, before one opens it.
  let hinted;
  function hint(from) {
    const box = document.getElementById("hover");
    if (!box) return;
    hinted = from;
    box.hidden = !from;
    if (!from) return;
    box.replaceChildren(make("q", { textContent: from.dataset.quote }), make("b", { textContent: from.dataset.from }));
    const at = from.getBoundingClientRect(), own = box.getBoundingClientRect();
    const below = at.bottom + 8 + own.height < innerHeight;
    box.style.top = `${below ? at.bottom + 8 : Math.max(8, at.top - 8 - own.height)}px`;
    box.style.left = `${Math.max(8, Math.min(at.left, innerWidth - own.width - 8))}px`;
  }
  for (const [comes, goes] of [["mouseover", "mouseout"], ["focusin", "focusout"]]) {
    document.addEventListener(comes, (event) => {
      const from = event.target.closest?.("[data-quote]");
      if (from && from.getAttribute("aria-expanded") === null) hint(from);
    });
    document.addEventListener(goes, (event) => { if (event.target.closest?.("[data-quote]")) hint(); });
  }
  const follow = () => { if (hinted) hint(hinted.matches(":hover, :focus") ? hinted : undefined); };
  document.addEventListener("scroll", follow, { capture: true, passive: true });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && parts && !parts.root.hidden) hide();
  });
  narrow.addEventListener("change", cover);
  window.lessons = { ...window.lessons, closeSource: hide };
})();

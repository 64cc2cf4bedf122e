// Brings each new question to the top of the window, so that its answer grows below it without moving anything,
// and tells assistive technology whether the filters are open, which Gradio's accordion does not.
(() => {
  let shown = 0;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  const sayWhetherOpen = () => {
    const label = document.querySelector("#filters > .label-wrap");
    label?.setAttribute("aria-expanded", label.classList.contains("open"));
  };
  document.addEventListener("click", () => requestAnimationFrame(sayWhetherOpen));

  new MutationObserver(() => {
    const turns = document.querySelectorAll(".turn");
    if (turns.length > shown) {
      turns[turns.length - 1].scrollIntoView({ block: "start", behavior: calm.matches ? "auto" : "smooth" });
    }
    shown = turns.length;
    sayWhetherOpen();
  }).observe(document.documentElement, { childList: true, subtree: true });
})();

// What a page can do beyond being read; without a script all of it can still be read.

// A formula that is wider than the page scrolls: let it be reached by keyboard in every browser.
const reach = () => {
  for (const p of document.querySelectorAll('p:has(> math[display="block"])')) {
    if (p.scrollWidth > p.clientWidth) p.tabIndex = 0;
    else p.removeAttribute("tabindex");
  }
};
addEventListener("resize", reach);
reach();

// Another language opens at the heading, figure or table that is on the screen.
const marks = [...document.querySelectorAll("main :is(h2, h3, h4, figure)[id]")];
for (const link of document.querySelectorAll(".switch a")) {
  const address = link.getAttribute("href");
  const keep = () => {
    const here = marks.filter(mark => mark.getBoundingClientRect().top < innerHeight / 3).pop();
    link.href = address + (here ? `#${here.id}` : scrollY > 0 ? location.hash : "");
  };
  for (const kind of ["pointerdown", "focus", "click", "pointerenter"]) link.addEventListener(kind, keep);
}

// Code is there for who asks for it.
const codes = document.querySelectorAll("details.code");
const asks = document.querySelector(".show-code");
if (codes.length) {
  const show = isShown => {
    document.body.classList.toggle("without-code", !isShown);
    asks.setAttribute("aria-pressed", isShown);
  };
  asks.parentElement.hidden = false;
  asks.addEventListener("click", () => show(asks.getAttribute("aria-pressed") === "false"));
  show(false);
}

// A figure enlarged: a click or Enter opens it, Escape, a click or the button closes it.
const box = document.querySelector("dialog.lightbox");
const whole = box.querySelector(".whole");
for (const card of document.querySelectorAll(".card[data-enlarge]")) {
  const picture = card.querySelector("img");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "enlarge";
  button.setAttribute("aria-label", card.dataset.enlarge);
  button.setAttribute("aria-haspopup", "dialog");
  button.addEventListener("click", () => {
    const copy = picture.cloneNode();
    const caption = card.parentElement.querySelector("figcaption");
    const [width, height] = [picture.naturalWidth, picture.naturalHeight];
    const fits = Math.min(innerWidth * 0.94 / width, innerHeight * 0.78 / height);
    // where the whole of it would hardly be larger than on the page it is twice that, and scrolls
    const shown = Math.max(width * fits, Math.min(picture.clientWidth * 2, 1600));
    copy.style.width = `${picture.clientWidth * 1.25 > width * fits ? shown : width * fits}px`;
    whole.classList.toggle("chart", card.classList.contains("chart"));
    whole.replaceChildren(copy);
    box.querySelector(".said").textContent = caption ? caption.textContent : "";
    box.showModal();
    whole.scrollTo((copy.clientWidth - whole.clientWidth) / 2, 0);
  });
  card.append(button);
}
box.addEventListener("click", event => {
  if (event.target === box || event.target.closest(".whole")) box.close();
});
box.addEventListener("close", () => whole.replaceChildren());

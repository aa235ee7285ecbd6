// Shows one frame of each strip at a time, chosen by its range. Without a script the strip stays.
for (const track of document.querySelectorAll(".track")) {
  const [canvas, reel, picture, range, output] =
    ["canvas", ".reel", "img", "input", "output"].map(part => track.querySelector(part));
  const labels = [...reel.querySelectorAll("li")].map(item => item.textContent);
  const { width, height } = canvas;
  const show = () => {
    const at = Number(range.value);
    const [left, top] = track.matches(".down") ? [0, at * height] : [at * width, 0];
    canvas.getContext("2d").drawImage(picture, left, top, width, height, 0, 0, width, height);
    range.setAttribute("aria-valuetext", labels[at]);
    output.textContent = labels[at];
  };
  picture.decode().then(() => {
    reel.hidden = true;
    for (const part of [canvas, range, output]) part.hidden = false;
    const hint = track.closest("figure").querySelector(".hint");
    if (hint) hint.hidden = false;
    range.addEventListener("input", show);
    show();
  });
}

// A small decoder in plain loops: float16 weights, latents in, pixels out; arrays are (C, H, W).
(() => {
  const facts = JSON.parse(document.getElementById("decoder-facts").textContent);
  const floats = text => {
    const bytes = Uint8Array.from(atob(text), sign => sign.charCodeAt(0));
    const halves = new DataView(bytes.buffer);
    return Float32Array.from({ length: bytes.length / 2 }, (_, i) => {
      const bits = halves.getUint16(2 * i, true);
      const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
      const size = exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction;
      return bits >> 15 ? -size : size;
    });
  };
  const weights = floats(facts.weights);
  const [rows, columns, channels] = facts.size;
  const [low, high] = facts.range;

  const decode = z => {
    let x = z, [C, H, W] = [z.length, 1, 1], place = 0;
    const take = count => weights.subarray(place, place += count);
    const pointwise = f => { x = x.map(f); };
    const layers = {
      dense({ outputs }) {
        const [w, b] = [take(outputs * C), take(outputs)];
        x = b.map((sum, o) => { for (let i = 0; i < C; i++) sum += w[o * C + i] * x[i]; return sum; });
        C = outputs;
      },
      reshape({ shape }) { [C, H, W] = shape; },
      affine() {
        const [scale, shift] = [take(C), take(C)];
        pointwise((v, i) => { const c = Math.floor(i / (H * W)); return v * scale[c] + shift[c]; });
      },
      leaky({ slope }) { pointwise(v => v < 0 ? slope * v : v); },
      sigmoid() { pointwise(v => 1 / (1 + Math.exp(-v))); },
      tanh() { pointwise(Math.tanh); },
      upsample() {
        const y = new Float32Array(4 * x.length);
        for (let i = 0; i < y.length; i++) {
          const [column, row] = [i % (2 * W), Math.floor(i / (2 * W))];
          y[i] = x[(row >> 1) * W + (column >> 1)];
        }
        [x, H, W] = [y, 2 * H, 2 * W];
      },
      convolution({ outputs, size, padding }) {
        const [w, b] = [take(outputs * C * size * size), take(outputs)];
        const [h, v] = [H + 2 * padding - size + 1, W + 2 * padding - size + 1];
        const y = new Float32Array(outputs * h * v);
        for (let o = 0; o < outputs; o++) {
          y.fill(b[o], o * h * v, (o + 1) * h * v);
          for (let c = 0; c < C; c++) for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) {
            const factor = w[((o * C + c) * size + i) * size + j];
            const [left, right] = [Math.max(0, padding - j), Math.min(v, W + padding - j)];
            for (let row = Math.max(0, padding - i); row < Math.min(h, H + padding - i); row++) {
              const [to, from] = [(o * h + row) * v, (c * H + row + i - padding) * W + j - padding];
              for (let k = left; k < right; k++) y[to + k] += factor * x[from + k];
            }
          }
        }
        [x, C, H, W] = [y, outputs, h, v];
      },
      transposed({ outputs, size, stride, padding }) {
        const [w, b] = [take(C * outputs * size * size), take(outputs)];
        const [h, v] = [(H - 1) * stride - 2 * padding + size, (W - 1) * stride - 2 * padding + size];
        const y = new Float32Array(outputs * h * v);
        for (let o = 0; o < outputs; o++) {
          y.fill(b[o], o * h * v, (o + 1) * h * v);
          for (let c = 0; c < C; c++) for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) {
            const factor = w[((c * outputs + o) * size + i) * size + j];
            for (let row = 0; row < H; row++) {
              const down = row * stride - padding + i;
              if (down < 0 || down >= h) continue;
              const [to, from] = [(o * h + down) * v, (c * H + row) * W];
              for (let k = 0; k < W; k++) {
                const right = k * stride - padding + j;
                if (right >= 0 && right < v) y[to + right] += factor * x[from + k];
              }
            }
          }
        }
        [x, C, H, W] = [y, outputs, h, v];
      },
    };
    for (const layer of facts.layers) layers[layer.kind](layer);
    return x;
  };

  const section = document.getElementById("decoder");
  const canvas = section.querySelector("canvas");
  const [start, ...knobs] = section.querySelectorAll("input");
  const starts = floats(facts.starts);
  const z_dim = starts.length / facts.start_numbers.length;
  const signed = value => ["−", "", "+"][Math.sign(value) + 1] + Math.abs(value).toFixed(1);
  const show = () => {
    const z = starts.slice(start.value * z_dim, (Number(start.value) + 1) * z_dim);
    knobs.forEach((knob, i) => { z[facts.knobs[i]] += Number(knob.value); });
    for (const range of [start, ...knobs]) {
      const words = range === start ? String(facts.start_numbers[Number(range.value)]) : signed(range.value);
      range.setAttribute("aria-valuetext", words);
      section.querySelector(`output[for="${range.id}"]`).textContent = words;
    }
    const x = decode(z), picture = new ImageData(columns, rows), plane = rows * columns;
    for (let i = 0; i < plane; i++) {
      for (let c = 0; c < 3; c++) {
        picture.data[4 * i + c] = (x[(channels === 3 ? c : 0) * plane + i] - low) * 255 / (high - low);
      }
      picture.data[4 * i + 3] = 255;
    }
    canvas.getContext("2d").putImageData(picture, 0, 0);
  };
  let isWaiting = false; // one picture a frame, however fast the reader drags
  const ask = () => {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => { isWaiting = false; show(); });
  };
  section.addEventListener("input", ask);
  section.querySelector("button").addEventListener("click", () => {
    for (const knob of knobs) knob.value = 0;
    show();
  });
  section.hidden = false;
  show();
})();

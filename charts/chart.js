// <mailuo-chart data='JSON'>: draws the data on a canvas, tells a mark by hover, by arrow keys and to screen readers,
// opens what lies behind it, and saves the picture. It draws in a shadow root: what stands within the element belongs to
// the page and is left alone. Without this script that content and the table beside the chart remain.
//
// data: {"kind":"line"|"bar"|"hbar"|"stack", "title":"", "about":"", "labels":[""], "unit":""|"%",
//   "series":[{"name":"", "values":[1,null], "hrefs":["/where",null], "labels":["its own"], "unfinished":false}],
//   "texts":{"save":"", "open":"", "empty":"", "hint":"", "summary":"", "rows":"", "unfinished":"", "stop":". "}}
import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent, TooltipComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

import { boxHeight, option, palette, teller } from './option.js';

use([BarChart, LineChart, GridComponent, LegendComponent, TitleComponent, TooltipComponent, CanvasRenderer]);

// How far beside a point a press still means it.
const REACH = 24;

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
  :host { display: block; }
  :host([hidden]) { display: none; }
  .box { position: relative; width: 100%; border-radius: .25rem; outline: none; touch-action: pan-y pinch-zoom; }
  .box:focus-visible { outline: 2px solid var(--color-primary, currentColor); outline-offset: 2px; }
  .empty { margin: 0; padding: 2rem 1rem; text-align: center; opacity: .75; }
  .ways { display: flex; flex-wrap: wrap; column-gap: 1rem; font-size: .875rem; }
  .ways a { display: inline-flex; align-items: center; min-height: 2.75rem; color: inherit; }
  .foot { display: flex; flex-wrap: wrap; align-items: center; justify-content: flex-end; gap: .5rem; margin-top: .25rem; }
  .hint { margin: 0; margin-inline-end: auto; font-size: .75rem; opacity: .8; visibility: hidden; }
  .box:focus-visible ~ .foot .hint { visibility: visible; }
  button {
    font: inherit; font-size: .875rem; color: inherit; background: transparent; cursor: pointer;
    border: 1px solid color-mix(in oklab, currentColor 45%, transparent); border-radius: var(--radius-field, .5rem);
    min-height: 2rem; padding: 0 .75rem;
  }
  button:hover { background: color-mix(in oklab, currentColor 10%, transparent); }
  button:focus-visible { outline: 2px solid var(--color-primary, currentColor); outline-offset: 2px; }
  .live { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  @media (max-width: 1023px) { button { min-height: 2.5rem; } }
  @media (pointer: coarse) { .hint { display: none; } }
  @media print { .foot, .ways { display: none; } }
  [hidden] { display: none !important; }
`);

const dark = matchMedia('(prefers-color-scheme: dark)');
const still = matchMedia('(prefers-reduced-motion: reduce)');

const isDark = () => {
  const chosen = document.documentElement.dataset.theme;
  return chosen === 'dark' || (chosen !== 'light' && dark.matches);
};

const make = (tag, attributes = {}) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

// What came in, with everything in its place; nothing where it can't be read.
const read = (json) => {
  try {
    const given = JSON.parse(json);
    return {
      kind: given.kind,
      title: given.title || '',
      about: given.about || '',
      labels: given.labels || [],
      unit: given.unit || '',
      texts: { save: '', open: '', empty: '', hint: '', summary: '', rows: '', unfinished: '', stop: '. ', ...given.texts },
      series: (given.series || []).map(({ name, values, hrefs, labels, unfinished }) => ({
        name: name || '',
        values: values || [],
        hrefs: hrefs || [],
        labels: labels || [],
        unfinished: Boolean(unfinished),
      })),
    };
  } catch {
    return null;
  }
};

class MailuoChart extends HTMLElement {
  static observedAttributes = ['data'];

  #box;
  #ways;
  #foot;
  #hint;
  #save;
  #live;
  #empty;
  #link;
  #data = null;
  #chart = null;
  // The size for which the chart was laid out.
  #width = 0;
  // The mark on which the keys are: series and place.
  #at = null;
  #due = false;
  #redraw = () => this.#later();
  #resized = new ResizeObserver(() => this.#resize());
  #themed = new MutationObserver(this.#redraw);

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open', delegatesFocus: true });
    root.adoptedStyleSheets = [sheet];
    this.#box = make('div', { class: 'box', tabindex: '0', role: 'application', 'aria-describedby': 'hint' });
    this.#empty = make('p', { class: 'empty', hidden: '' });
    this.#ways = make('div', { class: 'ways' });
    this.#foot = make('div', { class: 'foot' });
    this.#hint = make('p', { class: 'hint', id: 'hint' });
    this.#save = make('button', { type: 'button' });
    this.#live = make('div', { class: 'live', role: 'status', 'aria-live': 'polite' });
    // Pressed for what lies behind a mark, so that the page's router takes it.
    this.#link = make('a', { hidden: '', tabindex: '-1' });
    this.#foot.append(this.#hint, this.#save);
    root.append(this.#box, this.#ways, this.#empty, this.#foot, this.#live, this.#link);
    this.#box.addEventListener('keydown', (event) => this.#key(event));
    this.#box.addEventListener('blur', () => this.#leave());
    this.#save.addEventListener('click', () => this.#picture());
  }

  connectedCallback() {
    this.#resized.observe(this.#box);
    this.#themed.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    dark.addEventListener('change', this.#redraw);
    still.addEventListener('change', this.#redraw);
    this.#take();
  }

  disconnectedCallback() {
    this.#resized.disconnect();
    this.#themed.disconnect();
    dark.removeEventListener('change', this.#redraw);
    still.removeEventListener('change', this.#redraw);
    this.#dispose();
  }

  attributeChangedCallback(_, before, after) {
    if (this.isConnected && before !== after) this.#take();
  }

  #dispose() {
    this.#chart?.dispose();
    this.#chart = null;
    this.#at = null;
  }

  // Once, however much has changed.
  #later() {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      if (this.isConnected) this.#draw();
    });
  }

  // New data.
  #take() {
    this.#data = read(this.getAttribute('data') || '');
    const data = this.#data;
    const texts = data?.texts;
    const drawn = Boolean(data?.series.some(({ values }) => values.some((value) => value !== null)));
    this.#at = null;
    this.#live.textContent = '';
    this.#ways.replaceChildren();
    this.#box.hidden = !drawn;
    this.#foot.hidden = !drawn;
    this.#empty.hidden = drawn;
    this.#empty.textContent = texts?.empty || '';
    if (!drawn) {
      this.#dispose();
      return;
    }
    const { title, labels, series } = data;
    this.#hint.textContent = texts.hint;
    this.#save.textContent = texts.save;
    this.#save.hidden = !texts.save;
    const names = series.map(({ name }) => name).filter(Boolean).join(', ');
    const summary = texts.summary || `${names} (${labels[0]} – ${labels.at(-1)})`;
    this.#box.setAttribute('aria-label', [title, summary].filter(Boolean).join(texts.stop));
    // What lies below must not move up until it is drawn: whoever comes back stands there.
    if (!this.#chart) this.#box.style.height = `${boxHeight(data, innerWidth)}px`;
    this.#later();
  }

  #resize() {
    const width = this.#box.clientWidth;
    // Within something closed it has no size yet.
    if (width && width !== this.#width && !this.#box.hidden) this.#later();
  }

  // All that the option depends on.
  #style(width) {
    const { fontFamily } = getComputedStyle(this);
    const language = this.closest('[lang]')?.lang || 'zh-CN';
    return { width, font: fontFamily, language, colors: palette(isDark()), animation: !still.matches };
  }

  #draw() {
    const width = this.#box.clientWidth;
    if (!width || !this.#data || this.#box.hidden) return;
    const height = boxHeight(this.#data, width);
    this.#box.style.height = `${height}px`;
    if (this.#chart) this.#chart.resize({ width, height });
    else this.#start(width, height);
    this.#width = width;
    this.#chart.setOption(option(this.#data, this.#style(width)), { notMerge: true });
    if (this.#at && this.shadowRoot.activeElement === this.#box) this.#point();
  }

  #start(width, height) {
    this.#chart = init(this.#box, null, { renderer: 'canvas', width, height });
    this.#chart.on('click', ({ seriesIndex, dataIndex, event }) => {
      if (seriesIndex !== undefined && !event.zrByTouch && !this.#near()) this.#open([seriesIndex, dataIndex], event.event);
    });
    const zr = this.#chart.getZr();
    zr.on('click', (event) => {
      if (event.zrByTouch) {
        this.#offer(this.#column(event));
        return;
      }
      const mark = this.#near(event);
      if (mark) this.#open(mark, event.event);
    });
    zr.on('mousemove', (event) => {
      const mark = this.#near(event);
      if (mark) zr.setCursorStyle(this.#href(mark) ? 'pointer' : 'default');
    });
  }

  // Points are small, and bars of nothing have no face: the mark that a press beside them means. Without an event,
  // whether marks of this kind are found so.
  #near(event) {
    const { kind, series, labels } = this.#data;
    const line = kind === 'line';
    if (!line && series.length > 1) return null;
    if (!event) return true;
    const { offsetX, offsetY } = event;
    if (!this.#chart.containPixel('grid', [offsetX, offsetY])) {
      if (!line) return null;
    }
    const place = this.#chart.convertFromPixel({ seriesIndex: 0 }, [offsetX, offsetY]);
    if (!line) {
      const i = Math.round(kind === 'hbar' ? place[1] : place[0]);
      return this.#value([0, i]) === null ? null : [0, i];
    }
    const middle = Math.round(place[0]);
    let found = null;
    let nearest = REACH;
    for (let i = Math.max(0, middle - 1); i <= Math.min(labels.length - 1, middle + 1); i += 1) {
      for (let s = 0; s < series.length; s += 1) {
        const value = this.#value([s, i]);
        if (value !== null) {
          const [x, y] = this.#chart.convertToPixel({ seriesIndex: s }, [i, value]);
          const far = Math.hypot(x - offsetX, y - offsetY);
          if (far < nearest) [found, nearest] = [[s, i], far];
        }
      }
    }
    return found;
  }

  #value([s, i]) {
    return this.#data.series[s]?.values[i] ?? null;
  }

  // Only pages of this site.
  #href([s, i]) {
    const href = this.#data.series[s]?.hrefs[i];
    return href && new URL(href, location.href).origin === location.origin ? href : null;
  }

  // Where along the axis a finger points; nothing beside the drawing.
  #column({ offsetX, offsetY }) {
    if (!this.#chart.containPixel('grid', [offsetX, offsetY])) return null;
    const place = this.#chart.convertFromPixel({ seriesIndex: 0 }, [offsetX, offsetY]);
    return Math.round(place[this.#data.kind === 'hbar' ? 1 : 0]);
  }

  // A finger can't ask without pressing: it is told first, and goes on by a link below.
  #offer(i) {
    const { labels, series, texts } = this.#data;
    const ways = series.flatMap((one, s) => {
      const href = this.#href([s, i]);
      if (!href || this.#value([s, i]) === null) return [];
      const way = make('a', { href });
      way.textContent = [texts.rows, series.length > 1 && one.name, one.labels[i] || labels[i]].filter(Boolean).join(' · ');
      return [way];
    });
    this.#ways.replaceChildren(...ways);
  }

  #open(mark, event) {
    const href = this.#href(mark);
    if (!href) return;
    this.#link.href = href;
    if (event?.ctrlKey || event?.metaKey || event?.shiftKey) this.#link.target = '_blank';
    else this.#link.removeAttribute('target');
    this.#link.click();
  }

  // The mark that a key leads to.
  #step(key) {
    const { kind, series, labels } = this.#data;
    const marks = (s) => labels.map((_, i) => i).filter((i) => this.#value([s, i]) !== null);
    if (!this.#at) {
      const s = series.findIndex((_, n) => marks(n).length);
      return [s, key === 'End' ? marks(s).at(-1) : marks(s)[0]];
    }
    const [s, i] = this.#at;
    const own = marks(s);
    if (key === 'Home') return [s, own[0]];
    if (key === 'End') return [s, own.at(-1)];
    const upright = kind === 'hbar';
    const forward = key === 'ArrowRight' || key === 'ArrowDown';
    const along = series.length === 1 || (key === 'ArrowDown' || key === 'ArrowUp') === upright;
    if (along) return [s, own[own.indexOf(i) + (forward ? 1 : -1)] ?? i];
    // To the series beside it that has something there. Stacked parts lie one upon another: up is the next.
    const turn = (forward ? 1 : -1) * (kind === 'stack' ? -1 : 1);
    for (let other = s + turn; series[other]; other += turn) if (this.#value([other, i]) !== null) return [other, i];
    return this.#at;
  }

  #key(event) {
    if (!this.#chart || event.altKey) return;
    const { key } = event;
    if (key === 'Enter' && this.#at) {
      event.preventDefault();
      this.#open(this.#at, event);
    } else if (key === 'Escape' && this.#at) {
      // It closes this and nothing around it.
      event.stopPropagation();
      this.#leave();
      this.#at = null;
      this.#live.textContent = '';
    } else if (/^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(key) && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      this.#leave();
      this.#at = this.#step(key);
      this.#point();
      this.#say();
    }
  }

  #point() {
    const [seriesIndex, dataIndex] = this.#at;
    this.#chart.dispatchAction({ type: 'highlight', seriesIndex, dataIndex });
    this.#chart.dispatchAction({ type: 'showTip', seriesIndex, dataIndex });
  }

  #leave() {
    if (!this.#chart || !this.#at) return;
    const [seriesIndex, dataIndex] = this.#at;
    this.#chart.dispatchAction({ type: 'downplay', seriesIndex, dataIndex });
    this.#chart.dispatchAction({ type: 'hideTip' });
  }

  #say() {
    const { labels, series, texts } = this.#data;
    const [s, i] = this.#at;
    const tell = teller(series[s], this.#data, this.#style(0).language);
    const name = series[s].name ? `${series[s].name} ` : '';
    const open = this.#href(this.#at) ? texts.open : '';
    this.#live.textContent = `${labels[i]}: ${name}${tell(this.#value(this.#at), i)}${texts.stop}${open}`.trim();
  }

  // The picture is drawn anew, with its title and never narrower than a page of slides can use.
  #picture() {
    const width = Math.max(this.#width, 800);
    const style = { ...this.#style(width), animation: false, picture: true };
    const height = boxHeight(this.#data, width, true);
    const chart = init(document.createElement('div'), null, { renderer: 'canvas', width, height, devicePixelRatio: 2 });
    chart.setOption(option(this.#data, style));
    const link = make('a', {
      href: chart.getDataURL({ type: 'png', pixelRatio: 2, backgroundColor: style.colors.back }),
      download: `${this.#data.title.replace(/[\\/:*?"<>|\s]+/g, ' ').trim() || 'chart'}.png`,
    });
    link.click();
    chart.dispose();
  }
}

if (!customElements.get('mailuo-chart')) customElements.define('mailuo-chart', MailuoChart);

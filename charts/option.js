// What ECharts is told to draw: pure functions of the data and of the look.

// Each is told from its background 4.5 to 1, and neighbours from one another also by dash, symbol or pattern.
const LIGHT = {
  back: '#ffffff',
  text: '#1f2937',
  soft: '#4b5563',
  line: '#d5d9e0',
  tip: '#ffffff',
  series: ['#1f5fa8', '#b4540a', '#0f766e', '#7c3aed', '#be185d', '#5f6b0b', '#475569'],
};
const DARK = {
  back: '#1d232a',
  text: '#eceff4',
  soft: '#b4bcc8',
  line: '#3c4552',
  tip: '#2a323c',
  series: ['#7cb8f5', '#f5a862', '#5fd4c4', '#c4a5fb', '#f58fb8', '#c9d464', '#b6c2d1'],
};

export const palette = (dark) => (dark ? DARK : LIGHT);

const SYMBOLS = ['circle', 'rect', 'triangle', 'diamond', 'emptyCircle', 'emptyRect', 'emptyTriangle'];
const DASHES = ['solid', [7, 4], [2, 3], [10, 3, 2, 3], [4, 2], [1, 4], [12, 4]];
// The first of several series is plain.
const PATTERNS = [
  null,
  { symbol: 'rect', dashArrayX: [1, 0], dashArrayY: [3, 5], rotation: -Math.PI / 4 },
  { symbol: 'circle', dashArrayX: [[8, 8], [0, 8, 8, 0]], dashArrayY: [6, 0], symbolSize: 0.6 },
  { symbol: 'rect', dashArrayX: [1, 0], dashArrayY: [2, 6], rotation: Math.PI / 2 },
  { symbol: 'rect', dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: Math.PI / 4 },
  { symbol: 'triangle', dashArrayX: [[9, 9], [0, 9, 9, 0]], dashArrayY: [7, 2], symbolSize: 0.7 },
  { symbol: 'rect', dashArrayX: [1, 0], dashArrayY: [1, 5] },
];

const of = (list, n) => list[n % list.length];

// Numbers as people read them.
export const formatter = (language, unit) => {
  const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
  return (value) => (value === null || value === undefined || value === '' ? '–' : `${numbers.format(value)}${unit}`);
};

// On an axis, where room is short: 12万, 120K.
const short = (language, unit) => {
  const plain = formatter(language, unit);
  const compact = new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 2 });
  return (value) => (Math.abs(value) < 10_000 ? plain(value) : `${compact.format(value)}${unit}`);
};

// About how wide a text is in letters of 12 pixels.
const wide = (text) => [...text].reduce((sum, letter) => sum + (letter > '\u2e7f' ? 12 : 7), 0);

// The text, cut off where it is wider than that.
const clip = (text, width) => {
  if (wide(text) <= width) return text;
  let room = width - 12;
  let out = '';
  for (const letter of text) {
    room -= letter > '\u2e7f' ? 12 : 7;
    if (room < 0) break;
    out += letter;
  }
  return `${out}…`;
};

// How many lines the names of the series take above the chart.
const legendLines = ({ series }, width) => {
  if (series.length < 2) return 0;
  let lines = 1;
  let x = 0;
  for (const { name } of series) {
    const own = Math.min(wide(name), width - 60) + 46;
    if (x && x + own > width) [lines, x] = [lines + 1, 0];
    x += own;
  }
  return lines;
};

const LINE = 24;
const SMALL = 20;
// The room of the title above the picture, and of what the numbers are over.
const titleHeight = ({ title, about }, width) => {
  if (!title) return 16;
  const lines = (text, size) => Math.ceil((wide(text) * size) / (width - 32));
  return lines(title, 1.4) * LINE + (about ? lines(about, 1.1) * SMALL + 6 : 0) + 28;
};

// How high the chart is; the picture has its title above.
export const boxHeight = (data, width, picture = false) => {
  const { kind, labels, series } = data;
  const above = legendLines(data, width) * LINE + (picture ? titleHeight(data, width) : 0);
  if (kind === 'hbar') return above + 48 + Math.max(labels.length, 2) * (series.length > 1 ? 14 + series.length * 15 : 30);
  return above + (width < 480 ? 260 : 300);
};

const title = ({ title: text, about }, { width, colors, picture }) => {
  if (!picture || !text) return undefined;
  const broken = { width: width - 32, overflow: 'break' };
  return {
    text,
    subtext: about,
    left: 16,
    top: 12,
    itemGap: 6,
    textStyle: { color: colors.text, fontSize: 17, lineHeight: LINE, fontWeight: 600, ...broken },
    subtextStyle: { color: colors.soft, fontSize: 13, lineHeight: SMALL, ...broken },
  };
};

// The place of the number that still grows, or -1.
const growing = ({ values, unfinished }) => (unfinished ? values.findLastIndex((value) => value !== null) : -1);

// A number of a series as it is told: with its own day where that is not the chart's, and that it still grows.
export const teller = (one, { unit, texts }, language) => {
  const format = formatter(language, unit);
  return (value, i) => {
    const notes = [one.labels[i], i === growing(one) && texts.unfinished].filter(Boolean).join(', ');
    return notes ? `${format(value)} (${notes})` : format(value);
  };
};

const tooltip = (data, { colors }) => ({
  renderMode: 'richText',
  trigger: 'axis',
  confine: true,
  transitionDuration: 0,
  backgroundColor: colors.tip,
  borderColor: colors.soft,
  borderWidth: 1,
  padding: [8, 10],
  textStyle: { color: colors.text, fontSize: 13 },
  axisPointer: {
    type: data.kind === 'line' ? 'line' : 'shadow',
    lineStyle: { color: colors.soft, type: 'solid' },
    shadowStyle: { color: colors.soft, opacity: 0.15 },
  },
});

// Names along the bottom: a few are broken into lines, many are left out in turn.
const bottomLabels = ({ labels, kind }, { width, colors }) => {
  const band = (width - 64) / Math.max(labels.length, 1);
  const own = { color: colors.text, fontSize: 12, hideOverlap: true };
  if (kind === 'line' || band < 40) return { ...own, formatter: (label) => clip(label, 96) };
  return { ...own, interval: 0, width: band - 8, overflow: 'break', lineHeight: 15, formatter: (label) => clip(label, (band - 16) * 3) };
};

// The colour up to that part of a line, and nothing behind it.
const until = (part, color) => ({
  type: 'linear',
  x: 0,
  y: 0,
  x2: 1,
  y2: 0,
  colorStops: [
    { offset: 0, color },
    { offset: part, color },
    { offset: part, color: 'transparent' },
    { offset: 1, color: 'transparent' },
  ],
});

const crossed = (data, style) => {
  const { kind, labels, series, unit } = data;
  const { width, colors, language, animation, picture } = style;
  const line = kind === 'line';
  const lying = kind === 'hbar';
  const whole = series.every(({ values }) => values.every((value) => value === null || Number.isInteger(value)));
  const legend = legendLines(data, width) * LINE;
  const above = picture ? titleHeight(data, width) : 0;
  const dense = labels.length > 100 ? 3 : labels.length > 31 ? 5 : 8;
  const names = {
    type: 'category',
    data: labels,
    inverse: lying,
    boundaryGap: !line || labels.length <= 31,
    axisLine: { lineStyle: { color: colors.soft } },
    axisTick: { show: false },
    // Only the mark that is meant is lifted, not all of its place.
    axisPointer: { triggerEmphasis: false },
    axisLabel: lying
      ? { color: colors.text, fontSize: 12, interval: 0, width: Math.max(110, width * 0.34), overflow: 'break', lineHeight: 14, formatter: (label) => clip(label, Math.max(110, width * 0.34) * 1.8) }
      : bottomLabels(data, style),
  };
  const numbers = {
    type: 'value',
    minInterval: whole ? 1 : 0,
    // Noughts alone would leave the axis without a height.
    max: ({ max }) => (max > 0 ? undefined : 1),
    splitNumber: width < 480 && lying ? 3 : 5,
    axisLabel: { color: colors.soft, fontSize: 12, hideOverlap: true, formatter: short(language, unit) },
    splitLine: { lineStyle: { color: colors.line } },
  };
  const drawn = (one, s) => {
    const color = of(colors.series, s);
    const pattern = of(PATTERNS, s);
    const points = labels.map((_, i) => ({ value: one.values[i] ?? null, cursor: one.hrefs[i] ? 'pointer' : 'default' }));
    const common = { name: one.name, data: points, animation, color, tooltip: { valueFormatter: teller(one, data, language) } };
    if (line) {
      const first = one.values.findIndex((value) => value !== null);
      const last = growing(one);
      return {
        ...common,
        type: 'line',
        symbol: of(SYMBOLS, s),
        symbolSize: dense,
        showAllSymbol: true,
        lineStyle: { width: 2, type: of(DASHES, s), color: last > first ? until((last - first - 1) / (last - first), color) : color },
        itemStyle: { color },
        emphasis: { scale: 1.8, lineStyle: { width: 2 }, itemStyle: { borderColor: colors.text, borderWidth: 2 } },
      };
    }
    return {
      ...common,
      type: 'bar',
      stack: kind === 'stack' ? 'all' : undefined,
      barMaxWidth: lying ? 22 : 40,
      barGap: '10%',
      itemStyle: {
        color,
        // Stacked parts are parted by a line of the background.
        borderColor: colors.back,
        borderWidth: kind === 'stack' ? 1 : 0,
        decal: pattern && { ...pattern, color: colors.back, backgroundColor: 'transparent' },
      },
      emphasis: { itemStyle: { color, borderColor: colors.text, borderWidth: 2 } },
    };
  };
  // The way to what still grows: dotted, with a hollow mark, upon the series that it belongs to.
  const unfinished = (one, s) => {
    const last = growing(one);
    if (last < 0) return [];
    const color = of(colors.series, s);
    const point = (i) => {
      if (i === last) return { value: one.values[i], symbol: of(SYMBOLS, s), itemStyle: { color: colors.back, borderColor: color, borderWidth: 2 } };
      return { value: i === last - 1 ? (one.values[i] ?? null) : null, symbol: 'none' };
    };
    return [
      {
        type: 'line',
        data: labels.map((_, i) => point(i)),
        symbolSize: dense + 2,
        showAllSymbol: true,
        lineStyle: { width: 2, type: [2, 4], color },
        z: 3,
        animation,
        silent: true,
        tooltip: { show: false },
        emphasis: { disabled: true },
      },
    ];
  };
  return {
    tooltip: tooltip(data, style),
    legend: legend
      ? {
          top: above,
          left: picture ? 16 : 0,
          right: 0,
          // Switching series off and on would be for the mouse alone.
          selectedMode: false,
          itemWidth: line ? 30 : 18,
          itemHeight: 12,
          itemGap: 14,
          textStyle: { color: colors.text, fontSize: 12 },
          formatter: (name) => clip(name, width - 60),
          data: series.map(({ name }, s) => ({ name, lineStyle: { color: of(colors.series, s) } })),
        }
      : undefined,
    grid: {
      top: above + legend + 16,
      left: picture ? 16 : 4,
      right: line ? 16 : 12,
      bottom: picture ? 12 : 4,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    xAxis: lying ? numbers : names,
    yAxis: lying ? names : numbers,
    series: [...series.map(drawn), ...(line ? series.flatMap(unfinished) : [])],
  };
};

export const option = (data, style) => ({
  textStyle: { fontFamily: style.font },
  animation: style.animation,
  animationDuration: 300,
  animationDurationUpdate: 300,
  title: title(data, style),
  ...crossed(data, style),
});

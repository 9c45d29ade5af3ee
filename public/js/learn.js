// Playing a lesson: reports what was really played, keeps it while the line is broken, stops at questions, turns
// slides. What counts is decided by the server; this script only says what it saw.
(() => {
  const player = document.getElementById('player');
  if (!player) return;
  const d = player.dataset;
  const kind = d.kind;
  const media = document.getElementById('media');
  const status = document.getElementById('state');
  const preview = d.preview === 'true';
  const duration = Number(d.duration);
  const key = `learn:${d.id}`;
  let complete = d.complete === 'true';
  let position = Number(d.position);
  let session = null;

  // Intervals [from, to) in milliseconds: what the server knows, and what it does not know yet.
  const union = (spans) => {
    const out = [];
    for (const [from, to] of spans.filter(([a, b]) => a < b).sort((a, b) => a[0] - b[0])) {
      const last = out[out.length - 1];
      if (last && from <= last[1]) last[1] = Math.max(last[1], to);
      else out.push([from, to]);
    }
    return out;
  };
  const minus = (spans, known) => {
    let rest = spans;
    for (const [a, b] of known) {
      rest = rest.flatMap(([from, to]) => (to <= a || from >= b ? [[from, to]] : [[from, Math.min(to, a)], [Math.max(from, b), to]]));
    }
    return rest.filter(([a, b]) => a < b);
  };
  const total = (spans) => spans.reduce((sum, [a, b]) => sum + b - a, 0);
  let known = union(JSON.parse(d.spans || '[]'));
  let waiting = [];
  // What earlier pages could not send any more goes with the playings that it belongs to.
  let earlier = [];
  try {
    earlier = JSON.parse(localStorage.getItem(key) || '[]');
  } catch {
    earlier = [];
  }
  const remember = () => {
    const list = waiting.length && session ? [...earlier, { session, spans: waiting }] : earlier;
    try {
      if (list.length) localStorage.setItem(key, JSON.stringify(list));
      else localStorage.removeItem(key);
    } catch {
      // A browser that keeps nothing still sends.
    }
  };
  const frontier = () => {
    let end = 0;
    for (const [a, b] of union([...known, ...waiting])) {
      if (a > end + 1500) break;
      end = Math.max(end, b);
    }
    return end;
  };

  const say = (text) => {
    if (status) status.textContent = text;
  };
  const show = () => {
    if (complete) {
      say(d.done);
      return;
    }
    const seen = total(union([...known, ...waiting]));
    const percent = duration ? Math.min(99, Math.floor((seen * 100) / duration)) : 0;
    if (seen) say(d.watched.replace('{n}', percent));
  };

  // --- reporting
  let sending = false;
  let failed = false;
  const post = (path, body, keepalive) =>
    fetch(`${d.base}/${path}${d.query}`, {
      method: 'POST',
      keepalive,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  const begin = async () => {
    if (session || preview) return;
    const response = await post('begin', {});
    if (response.ok) session = (await response.json()).session;
    else if (response.status === 401) location.reload();
  };
  const heard = (answer) => {
    known = union([...known, ...answer.spans]);
    waiting = minus(waiting, known);
    if (answer.complete && !complete) {
      complete = true;
      d.holds = 'false';
    }
  };
  const report = async (last) => {
    if (preview || sending || (!waiting.length && !earlier.length)) return;
    sending = true;
    try {
      for (const one of [...earlier]) {
        const response = await post('beat', { session: one.session, spans: one.spans, position: Math.round(position) });
        if (response.ok) heard(await response.json());
        // Accepted, or never to be accepted.
        if (response.ok || (response.status >= 400 && response.status < 500 && response.status !== 401)) {
          earlier = earlier.filter((other) => other !== one);
          remember();
        }
      }
      if (waiting.length) {
        await begin();
        if (session) {
          const response = await post('beat', { session, spans: waiting, position: Math.round(position) }, last);
          if (response.ok) heard(await response.json());
          else if (response.status === 401) location.reload();
          else if (response.status === 404) session = null;
        }
      }
      failed = false;
    } catch {
      // No line: what was played waits here and is sent when there is one.
      failed = true;
    } finally {
      sending = false;
      remember();
      if (failed) say(d.offline);
      else show();
    }
  };
  setInterval(report, 10000);
  window.addEventListener('online', () => report());
  // After the end what the clock did not allow yet is asked for again soon.
  const soon = () => setTimeout(() => {
    if (!waiting.length) return;
    report().then(() => waiting.length && !failed && soon());
  }, 2000);

  // --- questions within the lesson
  const stops = [...player.querySelectorAll('.stop')];
  const open = () => stops.filter((stop) => stop.dataset.answered !== 'true').sort((a, b) => a.dataset.at - b.dataset.at);
  const asking = () => stops.find((stop) => !stop.hidden && stop.dataset.answered !== 'true');
  let goOn = () => {};
  const ask = (stop, then) => {
    goOn = then;
    stop.hidden = false;
    say(d.ask);
    stop.focus();
    stop.scrollIntoView({ block: 'nearest' });
  };
  for (const stop of stops) {
    const form = stop.querySelector('form');
    if (!form) continue;
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      const button = form.querySelector('button');
      const said = form.querySelector('.said');
      button.disabled = true;
      said.textContent = '';
      try {
        const response = await fetch(`${d.base}/answer${d.query}`, { method: 'POST', body: new URLSearchParams(new FormData(form)) });
        if (response.status === 401) {
          location.reload();
          return;
        }
        if (!response.ok) {
          said.textContent = response.status === 409 ? d.ask : d.offline;
          return;
        }
        const part = new DOMParser().parseFromString(await response.text(), 'text/html').querySelector('[data-complete]');
        if (part.dataset.complete === 'true') {
          complete = true;
          d.holds = 'false';
        }
        stop.dataset.answered = 'true';
        stop.replaceChildren(part);
        const next = stop.querySelector('.go-on');
        next.addEventListener('click', () => {
          next.remove();
          show();
          goOn();
        });
        next.focus();
      } catch {
        said.textContent = d.offline;
      } finally {
        button.disabled = false;
      }
    });
  }

  // --- films and recordings
  if (media) {
    let last = null;
    let moving = false;
    const now = () => Math.round(media.currentTime * 1000);
    // How far one may go: to the next unanswered question, and where skipping is held back to what was played.
    const limit = () => {
      const stop = open()[0];
      const held = d.holds === 'true' ? frontier() + 1000 : Infinity;
      return Math.min(held, stop && !complete ? Number(stop.dataset.at) : Infinity);
    };
    const resume = () => {
      if (position > 0 && position < duration - 2000) media.currentTime = Math.min(position, limit()) / 1000;
    };
    // The browser may know the film before this script runs.
    if (media.readyState > 0) resume();
    else media.addEventListener('loadedmetadata', resume, { once: true });
    media.addEventListener('error', () => say(d.broken));
    media.addEventListener('play', () => {
      const stop = asking();
      if (stop) {
        media.pause();
        stop.focus();
        return;
      }
      last = now();
      begin().catch(() => {});
    });
    media.addEventListener('timeupdate', () => {
      const at = now();
      if (media.seeking || moving) return;
      if (!media.paused || media.ended) {
        // A step is what a browser plays between two events; anything longer is a jump.
        if (last !== null && at > last && at - last < 3000 * media.playbackRate) {
          const stop = open()[0];
          const to = stop && !complete ? Math.min(at, Number(stop.dataset.at)) : at;
          waiting = minus(union([...waiting, [last, to]]), known);
          remember();
        }
        last = at;
      }
      position = at;
      const stop = open()[0];
      if (stop && at >= Number(stop.dataset.at) && !media.paused) {
        media.pause();
        ask(stop, () => media.play());
      }
      if (!failed) show();
    });
    media.addEventListener('seeking', () => {
      moving = true;
      last = null;
      const most = limit();
      if (now() > most + 50) {
        media.currentTime = most / 1000;
        if (d.holds === 'true') say(d.held);
      }
    });
    media.addEventListener('seeked', () => {
      moving = false;
      last = now();
      position = last;
    });
    media.addEventListener('ratechange', () => {
      if (media.playbackRate > 2) media.playbackRate = 2;
      for (const button of player.querySelectorAll('[data-speed]')) {
        button.setAttribute('aria-pressed', String(Number(button.dataset.speed) === media.playbackRate));
      }
    });
    media.addEventListener('pause', () => {
      last = null;
      report();
    });
    media.addEventListener('ended', () => {
      if (duration - now() < 1500) waiting = minus(union([...waiting, [Math.max(0, Math.min(now(), duration - 1)), duration]]), known);
      report().then(soon);
    });
    for (const button of player.querySelectorAll('[data-speed]')) {
      button.addEventListener('click', () => {
        media.playbackRate = Number(button.dataset.speed);
      });
    }
  }

  // --- slides: one page at a time, by swipe, keys and buttons
  if (kind === 'slides') {
    const pages = [...player.querySelectorAll('.page')];
    const pageMs = Number(d.pageMs);
    let at = Math.min(pages.length - 1, Math.floor(position / pageMs));
    let since = Date.now();
    const place = document.getElementById('place');
    const back = document.getElementById('back');
    const forth = document.getElementById('forth');
    document.getElementById('turn').hidden = false;
    const turn = (to) => {
      const stop = open().find((s) => to > at && Number(s.dataset.at) / pageMs <= to && Number(s.dataset.at) / pageMs > at);
      if (stop) {
        ask(stop, () => turn(to));
        return;
      }
      at = Math.max(0, Math.min(pages.length - 1, to));
      since = Date.now();
      position = at * pageMs;
      pages.forEach((page, i) => {
        page.hidden = i !== at;
        if (i === at + 1) page.loading = 'eager';
      });
      place.textContent = `${at + 1} / ${pages.length}`;
      back.disabled = at === 0;
      forth.disabled = at === pages.length - 1 && !open().length;
    };
    back.addEventListener('click', () => turn(at - 1));
    forth.addEventListener('click', () => turn(at + 1));
    document.getElementById('pages').addEventListener('keydown', (event) => {
      if (event.key === 'ArrowRight' || event.key === 'PageDown') turn(at + 1);
      else if (event.key === 'ArrowLeft' || event.key === 'PageUp') turn(at - 1);
      else return;
      event.preventDefault();
    });
    let from = null;
    const area = document.getElementById('pages');
    area.addEventListener('touchstart', (event) => {
      from = event.changedTouches[0].clientX;
    }, { passive: true });
    area.addEventListener('touchend', (event) => {
      const moved = event.changedTouches[0].clientX - (from ?? event.changedTouches[0].clientX);
      if (Math.abs(moved) > 40) turn(at + (moved < 0 ? 1 : -1));
      from = null;
    });
    setInterval(() => {
      if (document.hidden) {
        since = Date.now();
        return;
      }
      if (Date.now() - since >= pageMs) {
        const span = [at * pageMs, (at + 1) * pageMs];
        if (minus(minus([span], known), waiting).length) {
          waiting = minus(union([...waiting, span]), known);
          report().then(soon);
        }
      }
    }, 500);
    turn(at);
    begin().catch(() => {});
  }

  // --- articles: the time that they are in sight
  if (kind === 'article' && duration) {
    let seen = frontier();
    begin().catch(() => {});
    setInterval(() => {
      if (document.hidden || complete || seen >= duration) return;
      const to = Math.min(duration, seen + 1000);
      waiting = minus(union([...waiting, [seen, to]]), known);
      seen = to;
      if (seen >= duration) report().then(soon);
    }, 1000);
  }

  // A page that goes away sends what it still has; what does not arrive is sent by the next one.
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) report(true);
  });
  window.addEventListener('pagehide', () => report(true));
  if (earlier.length) report();
  show();
})();

// What a phone could not send yet: check-ins and records of visits, in the browser's own database, each with a client-made
// id, so that one that arrives twice is stored once. Pages and the service worker share it. Where a browser keeps
// nothing, what waits is sent while the page stands.
const Outbox = (() => {
  let memory = [];
  const open = () =>
    new Promise((done, failed) => {
      const asked = indexedDB.open('mailuo', 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore('outbox', { keyPath: 'id' });
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => failed(asked.error);
    });
  const run = async (mode, work) => {
    const db = await open();
    try {
      return await new Promise((done, failed) => {
        const tx = db.transaction('outbox', mode);
        const asked = work(tx.objectStore('outbox'));
        tx.oncomplete = () => done(asked.result);
        tx.onerror = () => failed(tx.error);
        tx.onabort = () => failed(tx.error);
      });
    } finally {
      db.close();
    }
  };
  const forget = (id) => {
    memory = memory.filter((one) => one.id !== id);
  };

  // Keeps an item: { id, kind, url, who, fields, multipart?, file?, at, refused? }.
  // Gives whether the browser keeps it.
  const put = async (item) => {
    forget(item.id);
    try {
      await run('readwrite', (store) => store.put(item));
      return true;
    } catch {
      memory.push(item);
      return false;
    }
  };
  // What waits, the oldest first; of one person and kind where they are named.
  const all = async (who, kind) => {
    let kept = [];
    try {
      kept = await run('readonly', (store) => store.getAll());
    } catch {
      // Nothing is kept here.
    }
    return [...kept, ...memory]
      .filter((one) => (!who || one.who === who) && (!kind || one.kind === kind))
      .sort((a, b) => a.at - b.at);
  };
  const drop = async (id) => {
    forget(id);
    try {
      await run('readwrite', (store) => store.delete(id));
    } catch {
      // It was in memory only.
    }
  };

  // Sends one; gives sent, refused, gone (nobody or somebody else is signed in) or later.
  const deliver = async (item) => {
    let response;
    const body = item.multipart ? new FormData() : new URLSearchParams();
    for (const [name, values] of Object.entries(item.fields)) {
      for (const value of [].concat(values)) body.append(name, value);
    }
    body.append('who', item.who);
    body.append('scripted', '1');
    if (item.file) body.append('file', item.file);
    try {
      response = await fetch(item.url, { method: 'POST', body, redirect: 'error', signal: AbortSignal.timeout?.(60000) });
    } catch {
      return { state: 'later' };
    }
    if (response.status === 401) return { state: 'gone' };
    if (response.status >= 500 || response.status === 429) return { state: 'later' };
    if (response.ok) return { state: 'sent', answer: await response.json().catch(() => null) };
    // The terminal is no longer one's own: a check-in counts without it.
    if (response.status === 404 && item.kind === 'checkin' && item.fields.terminal) {
      item.fields.terminal = '';
      await put(item);
      return deliver(item);
    }
    return { state: 'refused', answer: await response.json().catch(() => null) };
  };

  // Sends what waits, one after the other, in one page or worker at a time. What the server refuses is marked and left for
  // the page to show.
  const flush = async (who) => {
    const work = async () => {
      const result = { sent: [], refused: [], left: 0, gone: false };
      // Whoever is not signed in now: theirs wait for them, and nobody else's for that.
      const gone = new Set();
      let noLine = false;
      for (const item of (await all(who)).filter((one) => !one.refused)) {
        if (noLine || gone.has(item.who)) {
          if (!gone.has(item.who)) result.left += 1;
          continue;
        }
        const { state, answer } = await deliver(item);
        if (state === 'sent') {
          await drop(item.id);
          result.sent.push({ item, answer });
        } else if (state === 'refused') {
          const refused = { ...item, refused: answer || true };
          await put(refused);
          result.refused.push(refused);
        } else if (state === 'gone') {
          gone.add(item.who);
          result.gone = true;
        } else {
          noLine = true;
          result.left += 1;
        }
      }
      return result;
    };
    return globalThis.navigator?.locks ? navigator.locks.request('outbox', work) : work();
  };

  const id = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');

  // Lets the browser send later, also after the page is gone, where it can.
  const later = async () => {
    try {
      const worker = await navigator.serviceWorker?.getRegistration();
      await worker?.sync?.register('outbox');
    } catch {
      // The page sends when it is next opened.
    }
  };

  // Hears of what the worker sent in the page's place, as far as it is this person's.
  const listen = (who, heard) => {
    navigator.serviceWorker?.addEventListener('message', ({ data }) => {
      if (!data?.flushed) return;
      const { sent, refused } = data.flushed;
      heard({ sent: sent.filter((one) => one.item.who === who), refused: refused.filter((one) => one.who === who), left: 0, gone: false });
    });
  };

  // Pages that work in the field bring their worker, and tell it what they are made of.
  const install = async () => {
    if (!('serviceWorker' in navigator)) return;
    try {
      await navigator.serviceWorker.register('/sw.js');
      const worker = (await navigator.serviceWorker.ready).active;
      const parts = [...document.querySelectorAll('link[rel="stylesheet"], script[src]')].map((e) => e.href || e.src);
      // Both pages, whichever was opened, with what they are made of.
      const both = ['/checkin', '/visits/new', '/js/outbox.js', '/js/checkin.js', '/js/visit.js'];
      worker?.postMessage({ keep: [...both, ...parts] });
    } catch {
      // Without it the pages need the line.
    }
  };
  return { put, all, drop, flush, id, later, listen, install };
})();

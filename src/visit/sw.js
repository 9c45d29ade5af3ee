// The service worker of the pages that work in the field. It keeps their last copies for times without a line, and sends
// what waits when the browser says that the line is back. Everything else goes to the server as ever.
importScripts('/js/outbox.js');
const CACHE = 'mailuo-VERSION';
const PAGES = ['/checkin', '/visits/new'];

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      // Copies of an earlier version go.
      for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
      await self.clients.claim();
    })(),
  );
});

const keep = async (key, response) => {
  if (response.ok && !response.redirected) await (await caches.open(CACHE)).put(key, response.clone());
  return response;
};
const kept = async (key) => (await caches.open(CACHE)).match(key);

const slow = () => new Promise((_, failed) => setTimeout(() => failed(new Error('slow')), 8000));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  const page = request.mode === 'navigate' && PAGES.includes(url.pathname);
  const part = url.pathname.startsWith('/js/') || (url.pathname.startsWith('/pkg/') && url.pathname.endsWith('.css'));
  if (!page && !part) return;
  const key = page ? url.pathname : url.pathname + url.search;
  event.respondWith(
    (async () => {
      const copy = await kept(key);
      const answer = fetch(request);
      try {
        // A line that hardly is one counts as none where there is a copy.
        const response = await (copy ? Promise.race([answer, slow()]) : answer);
        // A page with words in its address is of one moment.
        return page && url.search ? response : await keep(key, response);
      } catch (error) {
        answer.catch(() => {});
        if (copy) return copy;
        throw error;
      }
    })(),
  );
});

self.addEventListener('message', (event) => {
  const { keep: parts, clear } = event.data || {};
  if (parts) {
    event.waitUntil(
      Promise.all(
        parts.map(async (part) => {
          const url = new URL(part, self.location.origin);
          const key = PAGES.includes(url.pathname) ? url.pathname : url.pathname + url.search;
          if (await kept(key)) return;
          await fetch(key).then((response) => keep(key, response), () => {});
        }),
      ),
    );
  }
  if (clear) {
    event.waitUntil(
      (async () => {
        for (const name of await caches.keys()) await caches.delete(name);
        await Outbox.clear();
        event.ports[0]?.postMessage('cleared');
      })(),
    );
  }
});

self.addEventListener('sync', (event) => {
  if (event.tag === 'outbox') {
    event.waitUntil(
      Outbox.flush().then((result) => {
        // The browser tries again where it is told that it failed.
        if (result.left && !result.gone) throw new Error('later');
      }),
    );
  }
});

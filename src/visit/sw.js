// The service worker of the pages that work in the field. It keeps their last copies for times without a line, and sends
// what waits when the browser says that the line is back. Everything else goes to the server as ever.
importScripts('/js/outbox.js');
const CACHE = 'mailuo-VERSION';
const PAGES = ['/checkin', '/visits/new'];

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      // What an earlier version kept is fetched anew, and its copies go.
      for (const name of await caches.keys()) {
        if (name === CACHE) continue;
        for (const { url } of await (await caches.open(name)).keys()) {
          const key = new URL(url).pathname + new URL(url).search;
          await fetch(key).then((response) => keep(key, response), () => {});
        }
        await caches.delete(name);
      }
      await self.clients.claim();
    })(),
  );
});

const keep = async (key, response) => {
  try {
    const cache = await caches.open(CACHE);
    if (response.ok && !response.redirected) await cache.put(key, response.clone());
    // Signed in no more, or somebody else: their page is nobody else's to see.
    else if (PAGES.includes(key)) await cache.delete(key);
  } catch {
    // The phone is full: the answer is good all the same.
  }
  return response;
};
const forgetPages = async () => {
  const cache = await caches.open(CACHE);
  for (const page of PAGES) await cache.delete(page);
};
const kept = async (key) => (await caches.open(CACHE)).match(key);

const slow = () => new Promise((_, failed) => setTimeout(() => failed(new Error('slow')), 8000));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  // Whoever signs in next does not see the pages of whoever was there before.
  if (request.mode === 'navigate' && url.pathname === '/sign-in') event.waitUntil(forgetPages());
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
  const { keep: parts } = event.data || {};
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
});

self.addEventListener('sync', (event) => {
  if (event.tag === 'outbox') {
    event.waitUntil(
      Outbox.flush().then(async (result) => {
        // An open page shows what was sent in its place.
        for (const page of await self.clients.matchAll()) page.postMessage({ flushed: result });
        // The browser tries again where it is told that it failed.
        if (result.left) throw new Error('later');
      }),
    );
  }
});

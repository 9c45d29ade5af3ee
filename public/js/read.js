// What the reading page does beyond reading: report the view, the visible time and the depth, and pass the article on.
(function () {
  "use strict";
  var article = document.getElementById("article");
  var view = article && article.getAttribute("data-view");
  // The mark of a first visit has done its work; what is passed on is the bare address.
  if (location.search && history.replaceState) history.replaceState(null, "", location.pathname);
  if (!view) return;

  var seen = 0, since = 0, depth = 0, last = "";

  function visible() { return document.visibilityState === "visible" && !document.prerendering; }
  function total() { return Math.round(seen + (since ? performance.now() - since : 0)); }
  function send(final) {
    var body = JSON.stringify({ v: view, d: total(), p: depth });
    if (body === last) return;
    last = body;
    if (final && navigator.sendBeacon && navigator.sendBeacon("/t", body)) return;
    fetch("/t", { method: "POST", body: body, keepalive: true, credentials: "same-origin" }).catch(function () { last = ""; });
  }
  function measure() {
    var box = article.getBoundingClientRect();
    var part = box.height ? (window.innerHeight - box.top) / box.height : 1;
    depth = Math.max(depth, Math.min(100, Math.max(0, Math.round(part * 100))));
  }
  function change() {
    if (visible()) {
      if (!since) { since = performance.now(); measure(); send(false); }
    } else if (since) {
      seen += performance.now() - since;
      since = 0;
      send(true);
    }
  }
  document.addEventListener("visibilitychange", change);
  document.addEventListener("prerenderingchange", change);
  window.addEventListener("pagehide", function () { if (since) { seen += performance.now() - since; since = 0; } send(true); });
  window.addEventListener("pageshow", change);
  window.addEventListener("scroll", function () { measure(); }, { passive: true });
  setInterval(function () { if (since) send(false); }, 10000);
  change();

  // 转发: the phone's own sheet where there is one; the form's page with link and QR code otherwise.
  var form = document.getElementById("share");
  if (form && navigator.share) {
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      fetch(form.action, { method: "POST", credentials: "same-origin", redirect: "manual" });
      navigator.share({ title: form.getAttribute("data-title"), url: form.getAttribute("data-url") }).catch(function () {});
    });
  }
})();

// What the registration page does beyond its forms: say that somebody looks at it, and suggest hospitals while typing.
(function () {
  "use strict";
  var page = document.getElementById("join");
  if (!page) return;

  // A page that is only prefetched or prerendered was not looked at.
  var seen = page.getAttribute("data-seen"), told = false;
  function tell() {
    if (!seen || told || document.visibilityState !== "visible" || document.prerendering) return;
    told = true;
    fetch(seen, { method: "POST", body: page.getAttribute("data-mark"), keepalive: true, credentials: "same-origin" }).catch(function () { told = false; });
  }
  document.addEventListener("visibilitychange", tell);
  document.addEventListener("prerenderingchange", tell);
  tell();

  var input = page.querySelector('input[name="hospital"]:not([type="hidden"])');
  var list = document.getElementById("hospitals");
  if (!input || !list) return;
  var timer = 0, asked = "";
  input.addEventListener("input", function () {
    clearTimeout(timer);
    timer = setTimeout(suggest, 250);
  });
  function suggest() {
    var text = input.value.trim();
    if (text.length < 2 || text === asked) return;
    asked = text;
    fetch("/join/hospitals?q=" + encodeURIComponent(text), { credentials: "same-origin" })
      .then(function (answer) { return answer.ok ? answer.json() : []; })
      .then(function (found) {
        // An answer that comes late is not the one that was asked for last.
        if (text !== asked) return;
        list.textContent = "";
        found.forEach(function (hospital) {
          var option = document.createElement("option");
          option.value = hospital.name;
          list.appendChild(option);
        });
      })
      .catch(function () { asked = ""; });
  }
})();

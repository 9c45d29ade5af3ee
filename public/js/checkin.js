// Checking in: reads the position when the button is pressed, sends, and keeps what could not be sent. Without this
// script the form sends a check-in without a position.
(() => {
  const form = document.getElementById('checkin');
  if (!form) return;
  const d = form.dataset;
  const said = document.getElementById('said');
  const choice = document.getElementById('terminal');
  const say = (text) => {
    said.textContent = text;
  };
  // This page may have been kept for times without a line: each press is a check-in of its own.
  form.elements.id.value = Outbox.id();

  // Presses whose position is still being found: the page must not be left for them.
  let pressing = 0;
  const flush = async () => settle(await Outbox.flush(d.who));
  const settle = async (result) => {
    if (result.gone) {
      location.href = '/sign-in?next=/checkin';
      return;
    }
    for (const one of result.refused.filter((item) => item.kind === 'checkin')) {
      // Never to be stored: it is told and not tried for ever.
      say(d.failed);
      await Outbox.drop(one.id);
    }
    if (result.left) {
      say(d.queued.replace('{n}', result.left));
      await Outbox.later();
    } else if (result.sent.some((one) => one.item.kind === 'checkin') && !pressing) {
      location.href = '/checkin?done=1';
    }
  };

  const locate = () =>
    new Promise((done) => {
      if (!navigator.geolocation) {
        done(null);
        return;
      }
      navigator.geolocation.getCurrentPosition((fix) => done(fix.coords), () => done(null), {
        enableHighAccuracy: true,
        timeout: 15000,
        maximumAge: 10000,
      });
    });

  // A photo as it is shown, small enough for a poor line, and without what the camera wrote into it.
  const small = async (photo) => {
    if (!photo?.size) return undefined;
    const image = await createImageBitmap(photo);
    const scale = Math.min(1, 1600 / Math.max(image.width, image.height));
    const canvas = Object.assign(document.createElement('canvas'), { width: Math.round(image.width * scale), height: Math.round(image.height * scale) });
    canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
    return new Promise((done) => canvas.toBlob(done, 'image/jpeg', 0.8));
  };

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(form));
    fields.kind = event.submitter?.value || 'in';
    delete fields.file;
    let file;
    try {
      file = await small(form.elements.file.files[0]);
    } catch {
      say(d.photo);
      return;
    }
    for (const b of form.querySelectorAll('button')) b.disabled = true;
    say(d.waiting);
    pressing += 1;
    const at = Date.now();
    const fix = await locate();
    if (fix) {
      fields.latitude = String(fix.latitude);
      fields.longitude = String(fix.longitude);
      fields.accuracy = String(fix.accuracy);
    } else {
      say(d.denied);
    }
    fields.device_at = String(at);
    await Outbox.put({ id: fields.id, kind: 'checkin', url: '/checkin', who: d.who, fields, multipart: true, file, at });
    form.elements.file.value = '';
    pressing -= 1;
    say(d.sending);
    form.elements.id.value = Outbox.id();
    await flush();
    for (const b of form.querySelectorAll('button')) b.disabled = false;
  });

  // The nearest first: the place is read when this is pressed, and never before.
  const sort = document.getElementById('sort');
  sort.hidden = false;
  sort.addEventListener('click', async () => {
    const agreed = form.elements.agree;
    if (agreed.type === 'checkbox' && !agreed.reportValidity()) return;
    sort.disabled = true;
    say(d.waiting);
    const fix = await locate();
    say(fix ? '' : d.nowhere);
    if (fix) {
      try {
        const near = await (await fetch(`/checkin/near?lat=${fix.latitude}&long=${fix.longitude}`)).json();
        for (const [id, name, metres] of near.reverse()) {
          const option = [...choice.options].find((o) => o.value === id) || new Option(name, id);
          option.textContent = metres === null ? name : `${name}（${d.metres.replace('{n}', Math.round(metres))}）`;
          choice.options[0].after(option);
        }
      } catch {
        // Without a line they stand by their names.
      }
    }
    sort.disabled = false;
  });

  window.addEventListener('online', flush);
  Outbox.listen(d.who, settle);
  Outbox.all(d.who, 'checkin').then(async (waiting) => {
    // Refused while another page sent it: told here, once.
    for (const one of waiting.filter((item) => item.refused)) {
      say(d.failed);
      await Outbox.drop(one.id);
    }
    if (waiting.some((one) => !one.refused)) flush();
  });
  Outbox.install();
})();

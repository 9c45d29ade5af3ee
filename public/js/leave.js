// Signing out: sends what the phone still holds, says what could not be sent, and clears all that is kept here.
(() => {
  const form = document.getElementById('leave');
  if (!form) return;
  const box = document.getElementById('waiting');
  const look = async () => {
    await Outbox.flush(form.dataset.who).catch(() => {});
    const left = (await Outbox.all(form.dataset.who)).length;
    box.hidden = left === 0;
    box.textContent = box.dataset.text.replace('{n}', left);
  };
  look();
  window.addEventListener('online', look);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    try {
      await Outbox.clear();
      for (const name of await caches.keys()) await caches.delete(name);
      for (const worker of await navigator.serviceWorker.getRegistrations()) await worker.unregister();
    } catch {
      // A browser that keeps none of these.
    }
    try {
      localStorage.clear();
    } catch {
      // Nor that.
    }
    form.submit();
  });
})();

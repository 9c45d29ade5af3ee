// Signing out: sends what the phone still holds, says what could not be sent, and clears what is kept here of who leaves.
(() => {
  const form = document.getElementById('leave');
  if (!form) return;
  const { who } = form.dataset;
  const box = document.getElementById('waiting');
  const ours = () => Object.keys(localStorage).filter((key) => key.startsWith(`visit-draft:${who}`) || key.startsWith('attempt:') || key.startsWith('learn:'));
  const look = async () => {
    await Outbox.flush(who).catch(() => {});
    let left = (await Outbox.all(who)).length;
    try {
      // Answers and playings that wait for their page.
      left += ours().filter((key) => !key.startsWith('visit-draft:')).length;
    } catch {
      // A browser that keeps nothing.
    }
    box.hidden = left === 0;
    box.textContent = box.dataset.text.replace('{n}', left);
  };
  look();
  window.addEventListener('online', look);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    try {
      for (const one of await Outbox.all(who)) await Outbox.drop(one.id);
      for (const key of ours()) localStorage.removeItem(key);
      for (const name of await caches.keys()) await caches.delete(name);
      for (const worker of await navigator.serviceWorker.getRegistrations()) await worker.unregister();
    } catch {
      // A browser that keeps none of these.
    }
    form.submit();
  });
})();

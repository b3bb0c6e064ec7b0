// Asks the browser's authenticator for what a form needs: data-passkey says whether a passkey is made or answers, and
// data-options, as the server wrote them, for what. The answer goes into the form, which is then sent as any other.
document.addEventListener('submit', async (e) => {
  const form = e.target;
  const kind = form.dataset?.passkey;
  const field = form.elements?.answer;
  if (!kind || !field || field.value) return;
  e.preventDefault();
  const problem = form.querySelector('[data-passkey-problem]');
  problem?.setAttribute('hidden', '');
  try {
    field.value = JSON.stringify(await ask(kind, JSON.parse(form.dataset.options)));
    form.submit();
  } catch {
    // Cancelled, too late, or no such passkey here: which of them is the browser's secret.
    problem?.removeAttribute('hidden');
  }
});

async function ask(kind, options) {
  if (kind === 'create') {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    return (await navigator.credentials.create({ publicKey })).toJSON();
  }
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return (await navigator.credentials.get({ publicKey })).toJSON();
}

// An invitation stands after the number sign of its address, where no server and no log sees it, and leaves the address
// once it is in the form.
const invitation = document.querySelector('[data-invitation]');
if (invitation && location.hash.length > 1) {
  invitation.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, '', location.pathname + location.search);
}

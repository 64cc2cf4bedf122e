// A page whose session is over loads itself again, which leads to the sign-in.
(() => {
  const send = window.fetch;
  window.fetch = async (...given) => {
    const response = await send(...given);
    const settled = performance.now() > 5000; // a page that is refused from the start does not load itself for ever
    if (response.status === 401 && settled) location.reload();
    return response;
  };
})();

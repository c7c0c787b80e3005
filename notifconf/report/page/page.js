// Filters and folding. The page says the same without it: the form is hidden until this runs.
(() => {
  const form = document.getElementById("filters");
  const changes = [...document.querySelectorAll(".change")];
  const chosen = (group) => new Set([...group.querySelectorAll("input:checked")].map((box) => box.value));

  const narrow = () => {
    const wanted = [...form.querySelectorAll("fieldset")].map((group) => [group.name, chosen(group)]);
    for (const change of changes) {
      change.hidden = !wanted.every(([name, values]) => values.has(change.dataset[name]));
    }
    const shown = changes.filter((change) => !change.hidden).length;
    document.getElementById("shown").value = `${shown} of ${changes.length} shown`;
  };

  const fold = (open) => () => changes.forEach((change) => { change.open = open; });

  form.addEventListener("change", narrow);
  document.getElementById("unfold").addEventListener("click", fold(true));
  document.getElementById("fold").addEventListener("click", fold(false));
  form.hidden = false;
  narrow();
})();

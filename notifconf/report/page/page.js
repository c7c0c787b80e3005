// Filters, search and folding. The page says the same without it: the form is hidden until this runs.
(() => {
  const form = document.getElementById("filters");
  const changes = [...document.querySelectorAll(".change")];
  const texts = changes.map((change) => change.textContent.toLowerCase());
  const search = document.getElementById("search");
  const chosen = (group) => new Set([...group.querySelectorAll("input:checked")].map((box) => box.value));

  const narrow = () => {
    const wanted = [...form.querySelectorAll("fieldset")].map((group) => [group.name, chosen(group)]);
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const [index, change] of changes.entries()) {
      const chosenToo = wanted.every(([name, values]) => values.has(change.dataset[name]));
      change.hidden = !chosenToo || !words.every((word) => texts[index].includes(word));
    }
    const shown = changes.filter((change) => !change.hidden).length;
    document.getElementById("shown").value = `${shown} of ${changes.length} shown`;
  };

  const fold = (open) => () => changes.forEach((change) => { change.open = open; });

  form.addEventListener("change", narrow);
  form.addEventListener("submit", (event) => event.preventDefault());
  search.addEventListener("input", narrow);
  document.getElementById("unfold").addEventListener("click", fold(true));
  document.getElementById("fold").addEventListener("click", fold(false));
  form.hidden = false;
  narrow();
})();

"use strict";
(function () {
  // Reads the numbers of the page; says of them exactly what sim/report/dose.py says of the first view.
  var given = JSON.parse(document.getElementById("explorer-data").textContent);
  var measure = document.getElementById("explorer-measure");
  var option = document.getElementById("explorer-option");
  var year = document.getElementById("explorer-year");

  function finest(one, cell) {
    var least = one.least;
    if (cell[1] !== null && cell[2] !== null && cell[1] * cell[2] > 0) {
      while (least > 0 && Math.min(Math.abs(cell[1]), Math.abs(cell[2])) < least / 2) { least /= 10; }
    }
    return least;
  }
  function text(value, one, least, sign) {
    if (value === null) { return "\u2013"; }
    var step = value ? Math.min(one.step, Math.pow(10, Math.floor(Math.log10(Math.abs(value))) - 1)) : one.step;
    step = Math.max(step, least);
    var decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    var rounded = Math.round(Math.abs(value) / step) * step;
    var said = rounded.toLocaleString("en-GB", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    if (+rounded.toFixed(decimals) === 0) { return said; }
    return (value < 0 ? "\u2212" : sign ? "+" : "") + said;
  }
  function words(one, cell, runs) {
    if (cell[0] === 0 && (cell[1] === null || (cell[1] === 0 && cell[2] === 0))) { return "no change"; }
    if (cell[0] === null) { return "cannot be told"; }
    if (cell[1] === null || runs < given.fewest) { return "too few runs to say"; }
    if (cell[1] <= 0 && cell[2] >= 0) { return "no clear change"; }
    if (one.good === 0) { return cell[1] > 0 ? "more" : "less"; }
    return (cell[1] > 0) === (one.good > 0) ? "\u25b2 better" : "\u25bc worse";
  }
  function draw() {
    var one = given.measures[measure.selectedIndex], k = option.selectedIndex, y = +year.value;
    var when = given.years[y];
    document.getElementById("explorer-year-value").textContent = when;
    year.setAttribute("aria-valuetext", when);
    given.options.forEach(function (each, i) {
      var cell = one.cells[i][y], least = finest(one, cell), row = document.getElementById("explorer-row-" + i);
      row.classList.toggle("chosen", i === k);
      row.children[1].textContent = each.spent[y];
      row.children[3].textContent = text(cell[0], one, least, true);
      row.children[4].textContent = cell[1] === null ? "\u2013" :
        text(cell[1], one, least, true) + " to " + text(cell[2], one, least, true);
      row.children[5].textContent = words(one, cell, each.runs);
    });
    var cell = one.cells[k][y], least = finest(one, cell), each = given.options[k];
    document.getElementById("explorer-size").textContent = one.label + ": " + text(cell[0], one, least, true) + " " +
      one.unit + " in " + when + " under " + each.label + ": " + words(one, cell, each.runs) + ".";
    document.getElementById("explorer-sure").textContent = (cell[1] === null ? "" :
      "90\u00a0% of runs: " + text(cell[1], one, least, true) + " to " + text(cell[2], one, least, true) + ". ") +
      "Mean of " + each.runs + " run" + (each.runs === 1 ? "" : "s") + "; " + given.base + " has " +
      text(one.base[k][y], one, one.least, false) + ". Spent in " + when + ": " + each.spent[y] + " of NHS spending.";
    document.getElementById("explorer-caption").textContent = one.label + " in " + when + ": change from " + given.base +
      ", " + one.unit;
  }
  [measure, option].forEach(function (control) { control.addEventListener("change", draw); });
  year.addEventListener("input", draw);
  document.getElementById("explorer-controls").hidden = false;
  draw();
})();

"use strict";
(function () {
  // The mean of the Gaussian process (Matérn 5/2) of sim/sweeps/emulator.py, at wherever the sliders stand.
  var root = document.getElementById("explorer");
  var given = JSON.parse(document.getElementById("explorer-data").textContent);
  var sliders = given.factors.map(function (_, k) { return document.getElementById("explorer-" + k); });
  var shown = given.factors.map(function (_, k) { return document.getElementById("explorer-value-" + k); });
  var choice = document.getElementById("explorer-outcome");
  var size = document.getElementById("explorer-size");
  var sure = document.getElementById("explorer-sure");
  var dot = document.getElementById("explorer-dot");
  var line = document.getElementById("explorer-line");

  function at(one, u) {
    var total = 0;
    for (var i = 0; i < one.rows.length; i++) {
      var square = 0;
      for (var k = 0; k < one.columns.length; k++) {
        var apart = (u[one.columns[k]] - one.rows[i][k]) / one.lengths[k];
        square += apart * apart;
      }
      var r = Math.sqrt(5 * square);
      total += one.weights[i] * (1 + r + r * r / 3) * Math.exp(-r);
    }
    return one.mean + one.scale * one.signal * total;
  }
  function words(one, value, sign) {
    var digits = Math.max(0, one.decimals);
    var rounded = Math.round(Math.abs(value) * Math.pow(10, one.decimals)) / Math.pow(10, one.decimals);
    var text = rounded.toLocaleString("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    var mark = rounded === 0 || !sign ? "" : value < 0 ? "\u2212" : "+";
    return one.pounds ? mark + "\u00a3" + text : mark + text + "\u00a0" + one.unit;
  }
  function draw() {
    var one = given.outcomes[choice ? choice.selectedIndex : 0];
    var u = sliders.map(function (slider, k) { return given.factors[k].at[+slider.value]; });
    sliders.forEach(function (slider, k) {
      var said = given.factors[k].shown[+slider.value];
      shown[k].textContent = said;
      slider.setAttribute("aria-valuetext", said);
      slider.parentElement.classList.toggle("idle", one.columns.indexOf(k) < 0);
    });
    var value = at(one, u);
    size.textContent = one.label + " " + words(one, value, true);
    sure.textContent = "Nine in ten rows that the stand-in had not seen lay within \u00b1\u2060" + words(one, one.error, false) +
      " of it (Q\u00b2 " + one.q2.toFixed(2) + ").";
    var part = Math.min(Math.max((value - one.low) / (one.high - one.low || 1), 0), 1);
    var wide = one.error / (one.high - one.low || 1);
    var left = Math.max(part - wide, 0), right = Math.min(part + wide, 1);
    dot.style.left = 100 * part + "%";
    line.style.left = 100 * left + "%";
    line.style.width = 100 * (right - left) + "%";
    document.getElementById("explorer-low").textContent = words(one, one.low, true);
    document.getElementById("explorer-high").textContent = words(one, one.high, true);
  }
  sliders.forEach(function (slider) { slider.addEventListener("input", draw); });
  if (choice) { choice.addEventListener("change", draw); }
  document.getElementById("explorer-back").addEventListener("click", function () {
    sliders.forEach(function (slider, k) { slider.value = given.factors[k].middle; });
    draw();
  });
  root.hidden = false;
  draw();
})();

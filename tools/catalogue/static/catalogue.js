/* Theme, copying and the tooltips of charts. A classic script, so that the pages work from a folder. */
(function () {
  "use strict";
  var THEMES = ["system", "light", "dark"];

  function remembered() {
    try { return localStorage.getItem("theme"); } catch (error) { return null; } // storage may be forbidden
  }
  function remember(theme) {
    try { localStorage.setItem("theme", theme); } catch (error) { /* the choice then lasts for this page */ }
  }
  function dress(theme) {
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
  }
  var theme = THEMES.indexOf(remembered()) > 0 ? remembered() : "system";
  dress(theme); // before the page is drawn

  function themes() {
    var button = document.getElementById("theme");
    function name() { button.lastElementChild.textContent = theme; }
    button.addEventListener("click", function () {
      theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
      dress(theme);
      remember(theme);
      name();
    });
    name();
    button.hidden = false;
  }

  function say(text) {
    document.getElementById("said").textContent = text;
  }

  /* The way that works where the clipboard's own interface is refused. */
  function copyBySelection(text) {
    var field = document.createElement("textarea"), active = document.activeElement;
    field.value = text;
    field.className = "hidden";
    document.body.append(field);
    field.select();
    var done = document.execCommand("copy");
    field.remove();
    active.focus();
    return done;
  }
  function copied(button, done) {
    var label = button.firstChild;
    label.textContent = done ? "Copied" : "Failed";
    say(done ? "Copied to the clipboard." : "The browser refuses to copy; select the text instead.");
    setTimeout(function () { label.textContent = "Copy"; }, 1600);
  }
  function copying() {
    document.querySelectorAll("button.copy").forEach(function (button) {
      button.hidden = false;
      button.addEventListener("click", function () {
        var text = button.dataset.copy;
        if (!navigator.clipboard) return copied(button, copyBySelection(text));
        navigator.clipboard.writeText(text).then(
          function () { copied(button, true); },
          function () { copied(button, copyBySelection(text)); }
        );
      });
    });
  }

  function tooltips() {
    var points = document.querySelectorAll("[data-tip]");
    if (!points.length) return;
    var tip = document.createElement("div");
    tip.className = "tooltip";
    tip.hidden = true;
    tip.setAttribute("aria-hidden", "true"); // the point's own label says the same
    document.body.append(tip);
    function show(event) {
      var point = event.currentTarget, place = point.querySelector(".halo").getBoundingClientRect();
      tip.textContent = point.dataset.tip;
      tip.hidden = false;
      var left = place.left + place.width / 2 - tip.offsetWidth / 2;
      left = Math.max(8, Math.min(left, document.documentElement.clientWidth - tip.offsetWidth - 8));
      var top = place.top - tip.offsetHeight - 6;
      if (top < 4) top = place.bottom + 6;
      tip.style.left = left + window.scrollX + "px";
      tip.style.top = top + window.scrollY + "px";
    }
    function hide() { tip.hidden = true; }
    points.forEach(function (point) {
      point.addEventListener("mouseenter", show);
      point.addEventListener("focus", show);
      point.addEventListener("mouseleave", hide);
      point.addEventListener("blur", hide);
    });
    document.addEventListener("keydown", function (event) { if (event.key === "Escape") hide(); });
  }

  document.addEventListener("DOMContentLoaded", function () {
    themes();
    copying();
    tooltips();
  });
})();

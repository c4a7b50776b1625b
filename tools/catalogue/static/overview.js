/* Search, filters and sorting of the overview. What is chosen is kept in the address, so that it can be shared. */
(function () {
  "use strict";
  var CHUNK = 100, USE = { yes: "allowed", no: "not allowed", depends: "depends" };
  var collator = new Intl.Collator("en", { numeric: true });

  document.addEventListener("DOMContentLoaded", function () {
    var all = JSON.parse(document.getElementById("data").textContent);
    var body = document.getElementById("rows"), template = document.getElementById("row");
    var more = document.getElementById("more"), none = document.getElementById("none");
    var table = document.getElementById("models"), clear = document.getElementById("clear");
    var shownLine = document.getElementById("shown");
    var fields = Array.from(document.querySelectorAll("[data-filter]"));
    var heads = Array.from(table.querySelectorAll("thead th"));
    var sort = "name", descending = false, found = [], drawn = 0;

    all.forEach(function (one) {
      one.text = [one.name, one.summary, one.task, one.domains.join(" "), one.licence, one.status, one.also].join(" ").toLowerCase();
    });

    /* ---- the address */
    function read() {
      var said = new URLSearchParams(location.hash.slice(1));
      fields.forEach(function (field) {
        field.value = said.get(field.dataset.filter) || "";
        if (field.value !== (said.get(field.dataset.filter) || "")) field.value = ""; // a choice that is not offered
      });
      var key = said.get("sort") || "name";
      sort = heads.some(function (head) { return head.firstElementChild.dataset.sort === key; }) ? key : "name";
      descending = said.get("order") === "descending";
    }
    function write() {
      var said = new URLSearchParams();
      fields.forEach(function (field) { if (field.value) said.set(field.dataset.filter, field.value); });
      if (sort !== "name" || descending) said.set("sort", sort);
      if (descending) said.set("order", "descending");
      var hash = "#" + said;
      if (hash !== (location.hash || "#")) history.replaceState(null, "", hash === "#" ? location.pathname + location.search : hash);
    }

    /* ---- what is shown */
    function chosen(name) {
      return fields.find(function (field) { return field.dataset.filter === name; }).value;
    }
    function matches() {
      var words = chosen("q").toLowerCase().split(/\s+/).filter(Boolean), most = Number(chosen("size")) || Infinity;
      var exact = ["task", "commercial", "licence", "status"].filter(chosen), domain = chosen("domain");
      var wanted = exact.map(chosen);
      return function (one) {
        return exact.every(function (key, i) { return one[key] === wanted[i]; })
          && (!domain || one.domains.indexOf(domain) >= 0)
          && (most === Infinity || (one.parameters !== null && one.parameters <= most))
          && words.every(function (word) { return one.text.indexOf(word) >= 0; });
      };
    }
    function compare(a, b) {
      var x = a[sort], y = b[sort], turned = descending ? -1 : 1;
      if (sort === "domains") { x = x.join(", ") || null; y = y.join(", ") || null; }
      if (x === null || y === null) return (x === null) - (y === null) || collator.compare(a.name, b.name); // unknown last
      var order = typeof x === "number" ? x - y : collator.compare(x, y);
      return order * turned || collator.compare(a.name, b.name);
    }
    function line(one) {
      var row = template.content.cloneNode(true);
      row.querySelectorAll("[data-f]").forEach(function (slot) {
        var key = slot.dataset.f;
        if (key === "name") slot.href = one.href;
        if (key === "status") slot.className = "status status-" + one.status;
        if (key === "commercial") slot.className = "use use-" + one.commercial;
        slot.textContent = key === "domains" ? one.domains.join(", ") : key === "commercial" ? USE[one.commercial] : one[key];
      });
      return row;
    }
    function draw(upTo) {
      var rows = document.createDocumentFragment();
      for (; drawn < Math.min(upTo, found.length); drawn++) rows.append(line(found[drawn]));
      body.append(rows);
      more.hidden = drawn >= found.length;
      more.textContent = "Show " + Math.min(CHUNK, found.length - drawn) + " more of " + (found.length - drawn);
    }
    function show() {
      found = all.filter(matches()).sort(compare);
      body.replaceChildren();
      drawn = 0;
      draw(CHUNK);
      var filtered = fields.some(function (field) { return field.value; });
      var models = all.length === 1 ? " model" : " models";
      shownLine.textContent = found.length === all.length ? all.length + models : found.length + " of " + all.length + models;
      fields.forEach(function (field) { field.classList.toggle("set", Boolean(field.value)); });
      clear.hidden = !filtered;
      none.hidden = found.length > 0;
      table.hidden = found.length === 0;
      heads.forEach(function (head) {
        var mine = head.firstElementChild.dataset.sort === sort;
        head.setAttribute("aria-sort", mine ? (descending ? "descending" : "ascending") : "none");
      });
    }
    function changed() { write(); show(); }
    function reset() {
      fields.forEach(function (field) { field.value = ""; });
      changed();
      fields[0].focus();
    }

    /* ---- what is done */
    fields.forEach(function (field) { field.addEventListener("input", changed); });
    heads.forEach(function (head) {
      head.firstElementChild.addEventListener("click", function () {
        var key = this.dataset.sort;
        descending = key === sort && !descending;
        sort = key;
        changed();
      });
    });
    clear.addEventListener("click", reset);
    document.getElementById("clear-none").addEventListener("click", reset);
    more.addEventListener("click", function () {
      var next = drawn;
      draw(drawn + CHUNK);
      var row = body.children[next]; // who works with the keyboard goes on where the new rows begin
      if (row) row.querySelector("a").focus();
    });
    if ("IntersectionObserver" in window) {
      new IntersectionObserver(function (seen) {
        if (seen[0].isIntersecting && drawn > 0) draw(drawn + CHUNK);
      }, { rootMargin: "400px" }).observe(more);
    }
    window.addEventListener("hashchange", function () {
      if (!location.hash || location.hash.indexOf("=") > 0) { read(); show(); } // else it names a place in the page
    });
    window.addEventListener("beforeprint", function () { draw(found.length); });

    document.getElementById("filters").hidden = false;
    read();
    show();
  });
})();

(function () {
  "use strict";
  var table = document.getElementById("list"), body = table.tBodies[0], find = document.getElementById("find");
  var count = document.getElementById("count"), rows = Array.prototype.slice.call(body.rows);
  var texts = rows.map(function (row) { return fold(row.textContent); });

  function fold(text) { return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase(); }

  function search() {
    var words = fold(find.value).split(/\s+/).filter(Boolean), shown = 0;
    rows.forEach(function (row, k) {
      row.hidden = !words.every(function (word) { return texts[k].indexOf(word) >= 0; });
      if (!row.hidden) { shown += 1; }
    });
    count.textContent = words.length ? shown + " of " + rows.length + " shown" : "";
  }

  function key(row, column) {
    var cell = row.cells[column], value = cell.getAttribute("data-v");
    return value === null ? cell.textContent.trim() : value === "" ? null : Number(value);
  }

  function sort(head) {
    var up = head.getAttribute("aria-sort") !== "ascending", column = head.cellIndex;
    Array.prototype.forEach.call(head.parentNode.cells, function (other) { other.removeAttribute("aria-sort"); });
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    rows.map(function (row, k) { return { row: row, value: key(row, column), place: k }; }).sort(function (a, b) {
      if (a.value === null || b.value === null) { return (a.value === null) - (b.value === null) || a.place - b.place; }
      var order = typeof a.value === "number" ? a.value - b.value : a.value.localeCompare(b.value, "en", { numeric: true });
      return (up ? order : -order) || a.place - b.place;
    }).forEach(function (item) { body.appendChild(item.row); });
  }

  Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head) {
    if (!head.hasAttribute("data-k")) { return; }
    var button = document.createElement("button");
    button.type = "button";
    while (head.firstChild) { button.appendChild(head.firstChild); }
    button.addEventListener("click", function () { sort(head); });
    head.appendChild(button);
  });
  find.addEventListener("input", search);
  document.getElementById("tools").hidden = false;
  search();
}());

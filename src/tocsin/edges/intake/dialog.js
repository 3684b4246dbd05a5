(function () {
  "use strict";
  var options = /* OPTIONS */ {};
  var texts = options.texts;
  var script = document.currentScript;

  function make(tag, attributes, text) {
    var element = document.createElement(tag);
    Object.keys(attributes).forEach(function (name) {
      element.setAttribute(name, attributes[name]);
    });
    if (text) element.textContent = text;
    return element;
  }

  function field(name, label, tag, attributes, value) {
    var id = "tocsin-" + name;
    var row = make("p", {});
    var input = make(tag, Object.assign({ id: id, name: name, required: "" }, attributes));
    input.value = value;
    row.append(make("label", { for: id }, label), input);
    return row;
  }

  var previous = document.querySelector("dialog.tocsin-dialog");
  if (previous) previous.remove();

  var dialog = make("dialog", { class: "tocsin-dialog", lang: texts.lang, "aria-labelledby": "tocsin-title" });
  var style = make(
    "style",
    {},
    ".tocsin-dialog{box-sizing:border-box;width:min(32rem,calc(100vw - 2rem));padding:1.5rem;border:1px solid #767676;" +
      "border-radius:.5rem;background:#fff;color:#1c1c1c;font:1rem/1.5 system-ui,sans-serif}" +
      ".tocsin-dialog::backdrop{background:rgba(0,0,0,.5)}.tocsin-dialog h2{margin:0 0 .5rem;font-size:1.25rem}" +
      ".tocsin-dialog p{margin:0 0 1rem}.tocsin-dialog label{display:block;font-weight:600}" +
      ".tocsin-dialog input,.tocsin-dialog textarea{box-sizing:border-box;width:100%;padding:.5rem;font:inherit;" +
      "color:inherit;background:#fff;border:1px solid #767676;border-radius:.25rem}" +
      ".tocsin-dialog button{min-height:2.75rem;padding:.5rem 1rem;margin-right:.5rem;font:inherit;cursor:pointer}"
  );
  var form = make("form", { method: "post" });
  var status = make("p", { role: "status", "aria-live": "polite" });
  var submit = make("button", { type: "submit" }, texts.labelSubmit);
  var close = make("button", { type: "button" }, texts.labelClose);
  form.append(
    make("h2", { id: "tocsin-title" }, texts.title),
    make("p", {}, texts.subtitle + " " + texts.subtitle2),
    field("name", texts.labelName, "input", { type: "text", maxlength: 128, autocomplete: "name" }, texts.name),
    field("email", texts.labelEmail, "input", { type: "email", maxlength: 75, autocomplete: "email" }, texts.email),
    field("comments", texts.labelComments, "textarea", { rows: 5, maxlength: 4096 }, ""),
    status,
    submit,
    close
  );
  dialog.append(style, form);

  var address = new URL(script.src);
  address.search = new URLSearchParams({ dsn: options.dsn, eventId: options.eventId }).toString();

  close.addEventListener("click", function () {
    dialog.close();
  });
  dialog.addEventListener("close", function () {
    dialog.remove();
    window.postMessage("__sentry_reportdialog_closed__", "*");
  });
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    submit.disabled = true;
    status.textContent = "";
    fetch(address, { method: "POST", body: new URLSearchParams(new FormData(form)) })
      .then(function (answer) {
        if (!answer.ok) throw new Error(String(answer.status));
        form.replaceChildren(make("p", { role: "status" }, texts.successMessage), close);
        close.focus();
      })
      .catch(function () {
        submit.disabled = false;
        status.textContent = texts.errorGeneric;
      });
  });
  document.body.append(dialog);
  dialog.showModal();
})();

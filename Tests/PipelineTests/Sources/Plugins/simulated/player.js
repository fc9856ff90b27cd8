// A player script of the shape that the challenge solver of yt-dlp expects, written for these tests: one function that is called at once,
// in it a class for addresses whose one further method rewrites the parameter n, and a function that sets alr=yes and turns the
// signature's letters about. How letters move is made up.
var _sim_player = {};
(function (g) {
  var root = this;
  var table = [7, 3, 11];
  var moves = {
    turn: function (letters) { letters.reverse(); },
    cut: function (letters, count) { letters.splice(0, count); },
    swap: function (letters, place) {
      var first = letters[0];
      letters[0] = letters[place % letters.length];
      letters[place % letters.length] = first;
    }
  };
  var scramble = function (signature) {
    signature = signature.split("");
    moves.cut(signature, 2);
    moves.swap(signature, table[0]);
    moves.turn(signature, 5);
    moves.swap(signature, table[2]);
    return signature.join("");
  };
  g.Address = function (text) {
    this.fields = {};
    var query = text.split("?")[1] || "";
    for (var field of query.split("&")) {
      var parts = field.split("=");
      this.fields[parts[0]] = parts[1];
    }
  };
  g.Address.prototype.get = function (name) { return this.fields[name]; };
  g.Address.prototype.set = function (name, value) { this.fields[name] = value; };
  g.Address.prototype.clone = function () { return new g.Address(""); };
  g.Address.prototype.freshen = function () {
    if (!this.get("n")) return;
    var letters = this.get("n").split("");
    var alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (var index = 0; index < letters.length; index++) {
      try {
        letters[index] = alphabet[(alphabet.indexOf(letters[index]) + table[index % 3] + index) % 64];
      } catch (error) {
        letters[index] = "-";
      }
    }
    letters.reverse();
    this.set("n", letters.join(""));
  };
  g.build = function (text, name, signature) {
    var address = new g.Address(text);
    address.set("alr", "yes");
    if (signature) {
      signature = scramble(decodeURIComponent(signature));
      address.set(name, encodeURIComponent(signature));
    }
    return address;
  };
  g.sts = { signatureTimestamp: 20000 };
  start(g);
  // MORE
})(_sim_player);

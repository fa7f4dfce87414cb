# What module.nix and check.nix need of nixpkgs' lib, for a check on a machine that has Nix and not nixpkgs. It does not check
# values against their types.
let
  inherit (builtins) attrNames concatMap deepSeq foldl' isAttrs isFunction isPath listToAttrs mapAttrs;
  plain = it: isAttrs it && !(it ? type);
  # Two sets in one, as two modules set values; the second one's come first.
  merged = left: right:
    left // mapAttrs (name: value: if plain value && left ? ${name} && plain left.${name} then merged left.${name} value else value) right;
  # With every mkIf in it decided. Those of the outermost set are left to its values, which may be what the condition asks.
  settled = it: if !plain it then it else if it ? condition then (if it.condition then settled it.content else { }) else mapAttrs (_: settled) it;
  outermost = it: if it ? condition then mapAttrs (_: value: if it.condition then settled value else { }) it.content else settled it;
  defaults = options: listToAttrs (concatMap
    (name:
      let it = options.${name}; in
      if !(it ? type && it.type == "option") then [{ inherit name; value = defaults it; }]
      else if deepSeq (it.of.type or { }) it.of ? default then [{ inherit name; value = it.of.default; }]
      else [ ])
    (attrNames options));
in
rec {
  mkOption = of: { type = "option"; inherit of; };
  mkEnableOption = _: mkOption { default = false; };
  mkIf = condition: content: { inherit condition content; };
  types = { package = { }; path = { }; port = { }; anything = { }; nullOr = _: { }; listOf = _: { }; attrsOf = _: { }; };
  evalModules = { modules, specialArgs }:
    let
      read = it: if isPath it then read (import it) else if isFunction it then it (specialArgs // { inherit config; lib = import ./lib.nix; }) else it;
      of = it: if it ? options || it ? config then outermost (it.config or { }) else it;
      all = map read modules;
      config = foldl' merged { } (map (it: defaults (it.options or { })) all ++ map of all);
    in
    { inherit config; };
}

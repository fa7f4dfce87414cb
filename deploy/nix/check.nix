# Evaluates the module without NixOS, for scripts/check-deploy.sh: what it sets must be what its options say. Without 'lib', which Debian's nix has not,
# with as much of it as the module needs.
{ lib ? import ./lib.nix }:
let
  # Options of NixOS that the module sets, taken as they come.
  anything = lib.mkOption { type = lib.types.attrsOf lib.types.anything; default = { }; };
  pkgs = {
    formats.yaml = _: { type = lib.types.attrsOf lib.types.anything; generate = name: _: "/nix/store/${name}"; };
    runCommand = name: _: _: "/nix/store/${name}";
    coreutils = "coreutils";
    gnugrep = "gnugrep";
    systemd = "systemd";
  };
  evaluated = settings: (lib.evalModules {
    specialArgs = { inherit pkgs; };
    modules = [
      ./module.nix
      { options = { users = anything; environment = anything; networking = anything; systemd = anything; }; }
      { services.tailwart = settings; }
    ];
  }).config;
  package = { type = "derivation"; name = "tailwart"; outPath = "/nix/store/tailwart"; };
  plain = evaluated { enable = true; inherit package; settings.mailbox.address = "100.64.0.7"; openPorts = [ 25 993 ]; };
  secret = evaluated { enable = true; inherit package; settings.mailbox.address = "\${NAME}"; environmentFile = "/run/secrets/tailwart"; };
  off = evaluated { inherit package; settings = { }; };
in
assert plain.networking.firewall.allowedTCPPorts == [ 25 993 ];
assert plain.environment.etc."tailwart/tailwart.yaml".source == "/nix/store/tailwart-checked.yaml";
assert plain.systemd.services.tailwart.wantedBy == [ "multi-user.target" ];
assert secret.environment.etc."tailwart/tailwart.yaml".source == "/nix/store/tailwart.yaml";
assert secret.systemd.services.tailwart.serviceConfig.EnvironmentFile == "/run/secrets/tailwart";
assert off.systemd == { };
"good"

# Runs an edge on NixOS, with the same unit as everywhere else:
#
#     imports = [ ./module.nix ];
#     services.tailwart = {
#       enable = true;
#       package = pkgs.callPackage ./package.nix { program = ./tailwart; };
#       settings.mailbox = { address = "100.64.0.7"; hostname = "mail.example.org"; };
#       openPorts = [ 25 465 587 993 ];
#     };
{ config, lib, pkgs, ... }:
let
  cfg = config.services.tailwart;
  written = (pkgs.formats.yaml { }).generate "tailwart.yaml" cfg.settings;
  # A system whose file has an error is not built.
  checked = pkgs.runCommand "tailwart-checked.yaml" { } ''
    ${cfg.package}/bin/tailwart check --config ${written}
    cp ${written} $out
  '';
in
{
  options.services.tailwart = {
    enable = lib.mkEnableOption "the mail edge Tailwart";
    package = lib.mkOption {
      type = lib.types.package;
      description = "The program with its unit, as package.nix makes it.";
    };
    settings = lib.mkOption {
      type = (pkgs.formats.yaml { }).type;
      description = "What tailwart.yaml says.";
      example = { mailbox.address = "100.64.0.7"; };
    };
    environmentFile = lib.mkOption {
      type = lib.types.nullOr lib.types.path;
      default = null;
      description = "A file with values for the variables that the settings name. Without them the settings cannot be checked when the system is built.";
    };
    openPorts = lib.mkOption {
      type = lib.types.listOf lib.types.port;
      default = [ ];
      description = "Ports that the firewall lets in: those that the edge listens on.";
    };
  };

  config = lib.mkIf cfg.enable {
    users.users.tailwart = { isSystemUser = true; group = "tailwart"; description = "Tailwart mail edge"; };
    users.groups.tailwart = { };
    environment.systemPackages = [ cfg.package ];
    environment.etc."tailwart/tailwart.yaml".source = if cfg.environmentFile == null then checked else written;
    networking.firewall.allowedTCPPorts = cfg.openPorts;

    systemd.packages = [ cfg.package ];
    systemd.services.tailwart = {
      wantedBy = [ "multi-user.target" ];
      # A changed file is read anew without cutting a connection.
      reloadTriggers = [ config.environment.etc."tailwart/tailwart.yaml".source ];
      # What ExecStop calls beside what is always there.
      path = [ pkgs.coreutils pkgs.gnugrep pkgs.systemd ];
      serviceConfig = lib.mkIf (cfg.environmentFile != null) { EnvironmentFile = cfg.environmentFile; };
    };
  };
}

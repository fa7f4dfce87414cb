# The one file of a release ('make portable') as a package of Nix, with the unit. It needs nothing of Nix's libraries:
#
#     services.tailwart.package = pkgs.callPackage ./package.nix { program = ./tailwart; };
{ lib, runCommand, program }:
runCommand "tailwart"
  {
    meta = {
      description = "Mail edge: passes mail connections over a private network to the mail server";
      license = lib.licenses.asl20;
      mainProgram = "tailwart";
      platforms = lib.platforms.linux;
      sourceProvenance = [ lib.sourceTypes.binaryNativeCode ];
    };
  }
  ''
    install -D --mode 755 ${program} $out/bin/tailwart
    mkdir -p $out/lib/systemd/system
    substitute ${../systemd/tailwart.service} $out/lib/systemd/system/tailwart.service --replace-fail /usr/bin/tailwart $out/bin/tailwart
  ''

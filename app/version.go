package app

import "runtime/debug"

// release is the version of the program; `make build` replaces it.
var release = "0.1.0" //nolint:gochecknoglobals // set by the linker

// Version is the program's version, with the revision it was built from where
// the build knows it.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return release
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return release + "+" + s.Value[:12]
		}
	}
	return release
}

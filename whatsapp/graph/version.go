package graph

import (
	"strconv"
	"strings"
)

// healthVersion is the oldest version that the reads of numbers and accounts use:
// since it the messaging limit is the portfolio's, under another name, and the
// account names its owner.
const healthVersion = "v24.0"

// version is the setting, or the default when it is no version.
func (c *Client) version() string {
	v := strings.Trim(strings.TrimSpace(value(c.opts.Version)), "/")
	if !strings.HasPrefix(v, "v") {
		return defaultVersion
	}
	return v
}

// readVersion is the setting, but at least healthVersion.
func (c *Client) readVersion() string {
	v := c.version()
	if older(v, healthVersion) {
		return healthVersion
	}
	return v
}

// older compares two versions; one that cannot be read is older than any.
func older(a, b string) bool {
	aMajor, aMinor := parts(a)
	bMajor, bMinor := parts(b)
	return aMajor < bMajor || aMajor == bMajor && aMinor < bMinor
}

func parts(version string) (major, minor int) {
	first, second, dotted := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	major, err := strconv.Atoi(first)
	if err != nil {
		return -1, 0
	}
	if !dotted {
		return major, 0
	}
	minor, err = strconv.Atoi(second)
	if err != nil {
		return -1, 0
	}
	return major, minor
}

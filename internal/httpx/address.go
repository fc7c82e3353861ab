package httpx

import "net/netip"

// nat64 is the well-known prefix under which an IPv6-only network reaches IPv4
// (RFC 6052); its last four bytes are the IPv4 address.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// global is all of IPv6 that is allocated for global unicast (RFC 4291).
var global = netip.MustParsePrefix("2000::/3")

// special4 and special6 are the blocks that are not global unicast, from the
// IANA special-purpose address registries (2025).
var (
	special4 = prefixes(
		"0.0.0.0/8",       // this network, unspecified
		"10.0.0.0/8",      // private (RFC 1918)
		"100.64.0.0/10",   // carrier-grade NAT
		"127.0.0.0/8",     // loopback
		"169.254.0.0/16",  // link-local, cloud metadata
		"172.16.0.0/12",   // private
		"192.0.0.0/24",    // protocol assignments
		"192.0.2.0/24",    // documentation
		"192.88.99.0/24",  // 6to4 relays
		"192.168.0.0/16",  // private
		"198.18.0.0/15",   // benchmarks
		"198.51.100.0/24", // documentation
		"203.0.113.0/24",  // documentation
		"224.0.0.0/4",     // multicast
		"240.0.0.0/4",     // reserved, broadcast
	)
	special6 = prefixes(
		"2001::/23",     // protocol assignments, Teredo
		"2001:db8::/32", // documentation
		"2002::/16",     // 6to4: an IPv4 address in disguise
		"3fff::/20",     // documentation
	)
)

// Public tells whether a is an address of the public internet. IPv4 inside
// IPv6 (mapped, NAT64) is judged by the IPv4 address.
func Public(a netip.Addr) bool {
	// A zone means link-local; Unmap resolves ::ffff:0:0/96.
	a = a.WithZone("").Unmap()
	if a.Is6() && nat64.Contains(a) {
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	special := special4
	if a.Is6() {
		if !global.Contains(a) {
			return false
		}
		special = special6
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return a.IsValid()
}

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

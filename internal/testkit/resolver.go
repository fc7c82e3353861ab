package testkit

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"strings"
)

// Resolver answers A and AAAA questions from hosts ("name.": address), as a name
// server would.
func Resolver(hosts map[string]string) *net.Resolver {
	return ResolverOf(func(name string) string { return hosts[name] })
}

// ResolverOf is Resolver with answers that may differ from one question to the next.
func ResolverOf(address func(name string) string) *net.Resolver {
	return &net.Resolver{
		PreferGo: true,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go serveDNS(server, address)
			return client, nil
		},
	}
}

// serveDNS answers the questions of one connection in DNS over TCP framing
// (RFC 1035 §4.2.2).
func serveDNS(conn net.Conn, address func(string) string) {
	defer func() { _ = conn.Close() }()
	for {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		reply := answerDNS(query, address)
		if _, err := conn.Write(binary.BigEndian.AppendUint16(nil, uint16(len(reply)))); err != nil {
			return
		}
		if _, err := conn.Write(reply); err != nil {
			return
		}
	}
}

func answerDNS(query []byte, address func(string) string) []byte {
	var name strings.Builder
	i := 12
	for query[i] != 0 {
		n := int(query[i])
		name.Write(query[i+1 : i+1+n])
		name.WriteByte('.')
		i += n + 1
	}
	end := i + 5 // root label, type, class
	kind := binary.BigEndian.Uint16(query[i+1:])
	var data []byte
	if a, err := netip.ParseAddr(address(name.String())); err == nil && (kind == 1) == a.Is4() && (kind == 28) == a.Is6() {
		data = a.AsSlice()
	}
	reply := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, query[12:end]...)
	if data == nil {
		return reply
	}
	reply[7] = 1
	reply = append(reply, 0xc0, 12)
	reply = binary.BigEndian.AppendUint16(reply, kind)
	reply = append(reply, 0, 1, 0, 0, 0, 0)
	reply = binary.BigEndian.AppendUint16(reply, uint16(len(data)))
	return append(reply, data...)
}

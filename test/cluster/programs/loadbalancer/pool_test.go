package main

import (
	"net/netip"
	"slices"
	"testing"
)

func addresses(texts ...string) []netip.Addr {
	var list []netip.Addr
	for _, text := range texts {
		list = append(list, netip.MustParseAddr(text))
	}
	return list
}

func TestPool(t *testing.T) {
	p := newPool(netip.MustParsePrefix("10.0.0.0/23"))
	for _, step := range []struct {
		what      string
		key       string
		requested []netip.Addr
		expected  []netip.Addr
	}{
		{"the first", "a", nil, addresses("10.0.0.1")},
		{"the same again", "a", nil, addresses("10.0.0.1")},
		{"the next", "b", nil, addresses("10.0.0.2")},
		{"a reserved one", "c", addresses("10.0.1.9"), addresses("10.0.1.9")},
		{"a taken one", "d", addresses("10.0.1.9"), nil},
		{"one from elsewhere, and a free one", "d", addresses("192.0.2.1", "10.0.1.8"), addresses("10.0.1.8")},
		{"several", "e", addresses("10.0.1.7", "10.0.1.6"), addresses("10.0.1.7", "10.0.1.6")},
		{"no longer asked for", "e", nil, addresses("10.0.0.3")},
		{"given back", "f", addresses("10.0.1.7"), addresses("10.0.1.7")},
	} {
		if got := p.assign(step.key, step.requested); !slices.Equal(got, step.expected) {
			t.Errorf("%s: %v, not %v", step.what, got, step.expected)
		}
	}
	p.release("a")
	for range 252 {
		p.assign(p.last.String(), nil)
	}
	if got := p.assign("last", nil); !slices.Equal(got, addresses("10.0.0.1")) {
		t.Errorf("the one given back, after all others: %v", got)
	}
	if got := p.assign("none", nil); got != nil {
		t.Errorf("none left: %v", got)
	}
}

package main

import (
	"net/netip"

	"k8s.io/apimachinery/pkg/labels"
)

var everything = labels.Everything()

// pool knows which Service has which address.
type pool struct {
	prefix netip.Prefix
	// reserved is given only to those who ask for an address in it.
	reserved netip.Prefix
	owner    map[netip.Addr]string
	held     map[string][]netip.Addr
	last     netip.Addr
}

func newPool(prefix netip.Prefix) *pool {
	end := prefix.Masked().Addr().As4()
	for bit := prefix.Bits(); bit < 24; bit++ {
		end[bit/8] |= 0x80 >> (bit % 8)
	}
	return &pool{
		prefix: prefix, reserved: netip.PrefixFrom(netip.AddrFrom4(end), 24),
		owner: map[netip.Addr]string{}, held: map[string][]netip.Addr{}, last: prefix.Addr(),
	}
}

// adopt takes note of what a Service has already.
func (p *pool) adopt(key string, addresses []netip.Addr) {
	for _, address := range addresses {
		if p.prefix.Contains(address) && p.owner[address] == "" {
			p.owner[address] = key
			p.held[key] = append(p.held[key], address)
		}
	}
}

// assign returns the addresses of a Service: those of the requested that it can have, or any one.
func (p *pool) assign(key string, requested []netip.Addr) []netip.Addr {
	if len(requested) == 0 {
		if held := p.held[key]; len(held) == 1 && !p.reserved.Contains(held[0]) {
			return held
		}
		p.release(key)
		if address, ok := p.free(); ok {
			p.adopt(key, []netip.Addr{address})
		}
		return p.held[key]
	}
	p.release(key)
	p.adopt(key, requested)
	return p.held[key]
}

// free finds an address that nobody has. One that was given back is used again last, since others may still know it.
func (p *pool) free() (netip.Addr, bool) {
	for next := p.last.Next(); next != p.last; next = next.Next() {
		if !p.prefix.Contains(next) {
			next = p.prefix.Addr()
			if next == p.last {
				break
			}
			continue
		}
		if p.owner[next] == "" && !p.reserved.Contains(next) {
			p.last = next
			return next, true
		}
	}
	return netip.Addr{}, false
}

func (p *pool) release(key string) {
	for _, address := range p.held[key] {
		delete(p.owner, address)
	}
	delete(p.held, key)
}

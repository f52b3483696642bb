package call

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// ProviderKey is the metadata by which a call says which module is meant, of those that provide its service.
const ProviderKey = "cabinet-provider"

// To returns a context whose calls go to a module, by its id, where many provide a service: see ServiceRules of
// contracts/kernel/v1. It means nothing to services of one provider, and ends with the call: what the provider calls, it
// chooses itself. [module.Host.Providers] are those between which there is a choice.
func To(ctx context.Context, module string) context.Context {
	md, ok := metadata.FromOutgoingContext(ctx) // a copy
	if !ok {
		md = metadata.MD{}
	}
	md.Set(ProviderKey, module)
	return metadata.NewOutgoingContext(ctx, md)
}

// chosen finds the method that a call means, of a service that many modules may provide.
func (s *state) chosen(ctx context.Context, name string) (*method, error) {
	of := s.many[name]
	if len(of) == 0 {
		return nil, status.Error(codes.Unimplemented, s.missing(name))
	}
	md, _ := metadata.FromOutgoingContext(ctx)
	ids := md.Get(ProviderKey)
	have := strings.Join(slices.Sorted(maps.Keys(of)), ", ")
	if len(ids) != 1 || ids[0] == "" {
		return nil, status.Errorf(codes.InvalidArgument, "%s has many providers: say which is called, with call.To: %s", name, have)
	}
	m, ok := of[ids[0]]
	if !ok {
		return nil, status.Errorf(codes.NotFound, "no module %q of this portal provides %s: those that do are %s", ids[0], name, have)
	}
	return m, nil
}

// some is a method, of whichever of its providers.
func (s *state) some(name string) (*method, bool) {
	if m, ok := s.methods[name]; ok {
		return m, true
	}
	of := s.many[name]
	if len(of) == 0 {
		return nil, false
	}
	return of[slices.Min(slices.Collect(maps.Keys(of)))], true
}

// all are the methods of every provider.
func (s *state) all() iter.Seq[*method] {
	return func(yield func(*method) bool) {
		for _, m := range s.methods {
			if !yield(m) {
				return
			}
		}
		for _, of := range s.many {
			for _, m := range of {
				if !yield(m) {
					return
				}
			}
		}
	}
}

// provide adds a module's methods of a service. Only a service that says so has more than one provider, and only if all of
// them speak of it so.
func (s *state) provide(service, module string, methods []*method) error {
	for _, other := range s.services[service] {
		if other == module || !s.isMany(service) || slices.ContainsFunc(methods, func(m *method) bool { return !m.chosen }) {
			return fmt.Errorf("%s is provided by %s and by %s: take one of them out of the portal", service, other, module)
		}
	}
	s.services[service] = slices.Sorted(slices.Values(append(slices.Clone(s.services[service]), module)))
	for _, m := range methods {
		if !m.chosen {
			s.methods[m.rules.Method] = m
			continue
		}
		of := maps.Clone(s.many[m.rules.Method])
		if of == nil {
			of = map[string]*method{}
		}
		of[module] = m
		s.many[m.rules.Method] = of
	}
	return nil
}

// isMany tells whether the present providers of a service let others be beside them.
func (s *state) isMany(service string) bool {
	for name := range s.many {
		if strings.HasPrefix(name, "/"+service+"/") {
			return true
		}
	}
	return false
}

// remove takes out all that a module provides.
func (s *state) remove(module string) {
	for service, modules := range s.services {
		if left := slices.DeleteFunc(slices.Clone(modules), func(id string) bool { return id == module }); len(left) > 0 {
			s.services[service] = left
		} else {
			delete(s.services, service)
		}
	}
	maps.DeleteFunc(s.methods, func(_ string, m *method) bool { return m.module == module })
	for name, of := range s.many {
		of = maps.Clone(of)
		delete(of, module)
		if s.many[name] = of; len(of) == 0 {
			delete(s.many, name)
		}
	}
}

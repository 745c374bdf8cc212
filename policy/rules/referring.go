package rules

import "github.com/seed-11444627/holdfast/policy"

// referring are resources of one type by what a property of theirs refers to. loose says that one may refer to any.
type referring struct {
	to    map[*policy.Node][]*policy.Node
	loose bool
}

// referringKey is what referring was asked for: each is found once for a graph.
type referringKey struct{ kind, property, target string }

// referringBy are the resources of a type by the property that refers to one of the target's type.
func referringBy(g *policy.Graph, kind, property, target string) referring {
	return policy.Memo(g, referringKey{kind, property, target}, func(g *policy.Graph) referring {
		found := referring{to: map[*policy.Node][]*policy.Node{}}
		for _, n := range g.ByType(kind) {
			ref := n.Get(property).Ref(target)
			if referred := ref.Node(); referred != nil {
				found.to[referred] = append(found.to[referred], n)
			}
			found.loose = found.loose || isLoose(ref)
		}
		return found
	})
}

// isLoose says that a reference may be to any of several resources, or of all.
func isLoose(ref policy.Ref) bool { return ref.How == policy.OneOf || ref.How == policy.Unclear }

package node

import (
	"cmp"
	"embed"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/cedar-policy/cedar-go"
	expast "github.com/cedar-policy/cedar-go/x/exp/ast"
	"github.com/cedar-policy/cedar-go/x/exp/schema"
	"github.com/cedar-policy/cedar-go/x/exp/schema/validate"

	"jisr"
)

//go:embed policies
var shipped embed.FS

// The texts that are shipped: what is in force until the house changes it.
const (
	schemaFile = "policies/jisr.cedarschema"
	rolesFile  = "policies/roles.cedar"
	limitsFile = "policies/limits.cedar"
)

// The types and the one house of the schema.
const (
	typeAction   = "Action"
	typeDesk     = "Desk"
	typeRole     = "Role"
	typeOfficial = "Official"
	typeToken    = "Token"
	typeOperator = "Operator"
	typeHouse    = "House"
	typeForum    = "Forum"
	typeProgram  = "Programme"
	typeThing    = "Thing"
	thisHouse    = "this"
)

// shippedPolicies gives the shipped text as one document.
func shippedPolicies() (string, error) {
	var b strings.Builder
	for _, name := range []string{rolesFile, limitsFile} {
		text, err := shipped.ReadFile(name)
		if err != nil {
			return "", fmt.Errorf("internal error: the shipped policies are not in this program: %w", err)
		}
		b.Write(text)
		b.WriteByte('\n')
	}
	return b.String(), nil
}

// policySet is what is in force, compiled. It is changed by nobody once it is made.
type policySet struct {
	all     list
	of      map[Verb]list   // those that speak of the verb
	actions cedar.EntityMap // the verbs, in the groups of their duties
	needs   map[Verb]jisr.Role
	asked   atomic.Int64 // questions, since it is in force
}

// named is a policy under its @id.
type named struct {
	id      cedar.PolicyID
	policy  *cedar.Policy
	shipped bool
}

// text is the policy in the one form it is shown and compared in.
func (n named) text() string { return string(n.policy.MarshalCedar()) }

// list is policies in the order of their ids.
type list []named

// All gives them one by one (cedar.PolicyIterator).
func (l list) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for i := range l {
			if !yield(l[i].id, l[i].policy) {
				return
			}
		}
	}
}

// compileHouse puts the house's own policies beside the shipped ones, in whose place they are where they have the same @id.
func compileHouse(text string) (*policySet, error) {
	own, err := parsePolicies(text)
	if err != nil {
		return nil, err
	}
	checker, err := policySchema()
	if err != nil {
		return nil, err
	}
	for _, p := range own {
		if err := checker.Policy(string(p.id), (*expast.Policy)(p.policy.AST())); err != nil {
			return nil, jisr.Refuse(jisr.BadPolicy, string(p.id), "line", fmt.Sprint(p.policy.Position().Line), "error", err.Error())
		}
	}
	base, err := shippedPolicies()
	if err != nil {
		return nil, err
	}
	all, err := parsePolicies(base)
	if err != nil {
		return nil, fmt.Errorf("internal error: the shipped policies do not hold: %w", err)
	}
	for i := range all {
		all[i].shipped = true
	}
	all = slices.DeleteFunc(all, func(s named) bool { return slices.ContainsFunc(own, func(o named) bool { return o.id == s.id }) })
	return newPolicySet(append(all, own...)), nil
}

// parsePolicies reads a document of policies. Each has an @id of its own: it is what a refusal names.
func parsePolicies(text string) (list, error) {
	if len(text) > jisr.MaxPolicies {
		return nil, jisr.Refuse(jisr.TooLong, "policies", "max", fmt.Sprint(jisr.MaxPolicies), "got", fmt.Sprint(len(text)))
	}
	if depth(text) > maxNesting {
		return nil, jisr.Refuse(jisr.BadPolicy, "policies", "error", "too many brackets within brackets")
	}
	parsed, err := cedar.NewPolicyListFromBytes("policies", []byte(text))
	if err != nil {
		return nil, jisr.Refuse(jisr.BadPolicy, "policies", "error", err.Error())
	}
	if len(parsed) > maxPolicies {
		return nil, jisr.Refuse(jisr.TooMany, "policies", "max", fmt.Sprint(maxPolicies))
	}
	var all list
	for _, p := range parsed {
		id := cedar.PolicyID(p.Annotations()["id"])
		if !jisr.ValidName(string(id)) {
			return nil, jisr.Refuse(jisr.BadPolicy, "policies", "line", fmt.Sprint(p.Position().Line), "error", "each policy needs an @id of its own")
		}
		if slices.ContainsFunc(all, func(n named) bool { return n.id == id }) {
			return nil, jisr.Refuse(jisr.BadPolicy, string(id), "line", fmt.Sprint(p.Position().Line), "error", "two policies have this @id")
		}
		all = append(all, named{id: id, policy: p})
	}
	return all, nil
}

// maxNesting is how deep brackets stand in brackets: the parser goes down as deep as they do.
const maxNesting = 50

// depth is how deep brackets stand in brackets, outside strings and comments.
func depth(text string) (most int) {
	open, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '/' && strings.HasPrefix(text[i:], "//"):
			end := strings.IndexByte(text[i:], '\n')
			if end < 0 {
				return most
			}
			i += end
		case strings.IndexByte("([{", c) >= 0:
			open++
			most = max(most, open)
		case strings.IndexByte(")]}", c) >= 0:
			open = max(0, open-1)
		}
	}
	return most
}

func newPolicySet(all list) *policySet {
	slices.SortFunc(all, func(a, b named) int { return cmp.Compare(a.id, b.id) })
	s := &policySet{all: all, of: map[Verb]list{}, actions: actionEntities()}
	for _, r := range table() {
		for _, n := range s.all {
			if n.speaksOf(r) {
				s.of[r.verb] = append(s.of[r.verb], n)
			}
		}
	}
	s.needs = s.rolesThatMay()
	return s
}

// speaksOf tells whether a policy's scope has the verb's action, so that only those are asked that can matter.
func (n named) speaksOf(r row) bool {
	has := func(uid cedar.EntityUID) bool {
		return string(uid.ID) == string(r.verb) || slices.Contains(r.groups(), string(uid.ID))
	}
	switch scope := n.policy.AST().Action.(type) {
	case expast.ScopeTypeEq:
		return scope.Entity.ID == cedar.String(r.verb)
	case expast.ScopeTypeIn:
		return has(scope.Entity)
	case expast.ScopeTypeInSet:
		return slices.ContainsFunc(scope.Entities, has)
	}
	return true
}

// policySchema is the shipped schema with an action for every verb, in the group of its duty.
func policySchema() (*validate.Validator, error) {
	head, err := shipped.ReadFile(schemaFile)
	if err != nil {
		return nil, fmt.Errorf("internal error: the schema of policies is not in this program: %w", err)
	}
	var b strings.Builder
	b.Write(head)
	const applies = " appliesTo { principal: [Official, Token, Operator], resource: Thing, context: Asked };\n"
	groups := []string{"binding", "treaty", "formal"}
	for _, d := range Duties() {
		groups = append(groups, string(d))
	}
	for _, g := range groups { // a group applies too, so that a policy may name one that has no verb yet
		fmt.Fprintf(&b, "action %q"+applies, g)
	}
	for _, r := range table() {
		fmt.Fprintf(&b, "action %q in [\"%s\"]"+applies, r.verb, strings.Join(r.groups(), `", "`))
	}
	var s schema.Schema
	if err := s.UnmarshalCedar([]byte(b.String())); err != nil {
		return nil, fmt.Errorf("internal error: the schema of policies cannot be read: %w", err)
	}
	resolved, err := s.Resolve()
	if err != nil {
		return nil, fmt.Errorf("internal error: the schema of policies does not hold: %w", err)
	}
	return validate.New(resolved), nil
}

// groups are the groups of actions a verb is in.
func (r row) groups() []string {
	groups := []string{string(r.duty)}
	if r.bond >= binding {
		groups = append(groups, "binding")
	}
	if r.bond == treaty {
		groups = append(groups, "treaty")
	}
	if Formal(r.verb) {
		groups = append(groups, "formal")
	}
	return groups
}

func actionEntities() cedar.EntityMap {
	all := cedar.EntityMap{}
	for _, r := range table() {
		var groups []cedar.EntityUID
		for _, g := range r.groups() {
			groups = append(groups, cedar.NewEntityUID(typeAction, cedar.String(g)))
		}
		uid := cedar.NewEntityUID(typeAction, cedar.String(r.verb))
		all[uid] = cedar.Entity{UID: uid, Parents: cedar.NewEntityUIDSet(groups...)}
	}
	return all
}

// question is who asks for what, about what, in Cedar's terms. It is the entities too: they are few.
type question struct {
	set  *policySet
	who  cedar.Entity
	what cedar.Entity
}

// Get finds an entity (cedar.EntityGetter).
func (q *question) Get(uid cedar.EntityUID) (cedar.Entity, bool) {
	switch uid {
	case q.who.UID:
		return q.who, true
	case q.what.UID:
		return q.what, true
	}
	e, ok := q.set.actions[uid]
	return e, ok
}

// verdict is what the policies say: whether they allow it, which decided, and which could not be evaluated.
type verdict struct {
	allowed bool
	by      []string // policies that allowed it, or that forbade it; none: nothing allows it
	broken  []string
}

// ask puts one question to the policies. A policy that cannot be evaluated might have forbidden, so it does.
func (s *policySet) ask(c Caller, v Verb, r resource, f facts) verdict {
	s.asked.Add(1)
	q := &question{set: s, who: principal(c), what: thing(r)}
	noun := v.Noun()
	if v == Read || v == Export {
		noun = r.id.Noun()
	}
	about := cedar.RecordMap{"verb": cedar.String(v), "noun": cedar.String(noun), "signed": cedar.Boolean(f.signed), "cleared": cedar.Boolean(f.cleared)}
	if f.mandate != nil {
		about["mandate"] = cedar.Boolean(*f.mandate)
	}
	decided, why := cedar.Authorize(s.of[v], q, cedar.Request{Principal: q.who.UID, Action: cedar.NewEntityUID(typeAction, cedar.String(v)), Resource: q.what.UID, Context: cedar.NewRecord(about)})
	a := verdict{allowed: bool(decided) && len(why.Errors) == 0}
	for _, p := range why.Reasons {
		a.by = append(a.by, string(p.PolicyID))
	}
	for _, p := range why.Errors {
		a.broken = append(a.broken, string(p.PolicyID))
	}
	return a
}

// decide refuses what the policies do not allow. The refusal names the policy that forbids, else the role that is missing.
func (s *policySet) decide(c Caller, v Verb, r resource, f facts) error {
	a := s.ask(c, v, r, f)
	switch {
	case a.allowed:
		return nil
	case len(a.broken) > 0:
		return jisr.Refuse(jisr.NotAllowed, string(v), "policy", a.broken[0])
	case len(a.by) > 0:
		return jisr.Refuse(jisr.NotAllowed, string(v), "policy", a.by[0])
	case s.needs[v] != "":
		return jisr.Refuse(jisr.NotAllowed, string(v), "role", string(s.needs[v]))
	}
	return jisr.Refuse(jisr.NotAllowed, string(v))
}

// rolesThatMay finds, for each verb, the first role that lets an official do it.
func (s *policySet) rolesThatMay() map[Verb]jisr.Role {
	needs := map[Verb]jisr.Role{}
	for _, r := range table() {
		for _, role := range jisr.Roles() {
			c := Caller{Account: "official/any", Roles: []jisr.Role{role}}
			if s.ask(c, r.verb, c.own(), facts{signed: true, cleared: true}).allowed {
				needs[r.verb] = role
				break
			}
		}
	}
	return needs
}

func principal(c Caller) cedar.Entity {
	name := c.Account.Name()
	roles := make([]cedar.EntityUID, 0, len(c.Roles))
	for _, r := range c.Roles {
		roles = append(roles, cedar.NewEntityUID(typeRole, cedar.String(r)))
	}
	e := cedar.Entity{Parents: cedar.NewEntityUIDSet(roles...)}
	attributes := cedar.RecordMap{"name": cedar.String(name), "desk": cedar.NewEntityUID(typeDesk, cedar.String(c.Desk))}
	switch c.Account.Noun() {
	case "official":
		e.UID = cedar.NewEntityUID(typeOfficial, cedar.String(name))
		attributes["passkey"] = cedar.Boolean(c.Passkey)
	case "token":
		e.UID = cedar.NewEntityUID(typeToken, cedar.String(name))
		for attribute, limit := range map[cedar.String]cedar.Set{"forums": texts(c.Scope.Forums), "programmes": texts(c.Scope.Programmes), "verbs": texts(c.Scope.Verbs)} {
			if limit.Len() > 0 {
				attributes[attribute] = limit
			}
		}
	default:
		e.UID = cedar.NewEntityUID(typeOperator, cedar.String(name))
		delete(attributes, "desk")
	}
	e.Attributes = cedar.NewRecord(attributes)
	return e
}

func thing(r resource) cedar.Entity {
	in := make([]cedar.EntityUID, 0, 2)
	if r.forum == jisr.House {
		in = append(in, cedar.NewEntityUID(typeHouse, thisHouse))
	} else {
		in = append(in, cedar.NewEntityUID(typeForum, cedar.String(r.forum)))
	}
	if r.programme != "" {
		in = append(in, cedar.NewEntityUID(typeProgram, cedar.String(r.programme)))
	}
	desks := make([]cedar.Value, 0, len(r.desks))
	for _, d := range r.desks {
		desks = append(desks, cedar.NewEntityUID(typeDesk, cedar.String(d)))
	}
	return cedar.Entity{UID: cedar.NewEntityUID(typeThing, cedar.String(r.id)), Parents: cedar.NewEntityUIDSet(in...), Attributes: cedar.NewRecord(cedar.RecordMap{
		"noun": cedar.String(r.id.Noun()), "forum": cedar.String(r.forum), "programme": cedar.String(r.programme),
		"handling": cedar.Long(r.handling.Rank()), "desks": cedar.NewSet(desks...), "drafters": texts(r.drafters), "named": texts(r.named),
	})}
}

func texts[S ~string](all []S) cedar.Set {
	values := make([]cedar.Value, 0, len(all))
	for _, s := range all {
		values = append(values, cedar.String(s))
	}
	return cedar.NewSet(values...)
}

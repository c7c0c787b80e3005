"""The planner: makes a plan from the desired and the live state. It is pure, and never raises.

The order of its inputs makes no difference.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from notifconf.model.coverage import Declared
from notifconf.model.diagnostic import Diagnostic
from notifconf.model.mask import Mask
from notifconf.model.plan import Action, Attributes, Change, Plan, PlanValue, Reference, Sensitive, Silence, freeze
from notifconf.model.policy import Mode, Policy
from notifconf.model.resource import Kind, LiveResource, Resource, Secret, Value
from notifconf.model.state import Live, Options, Workspace
from notifconf.plan.addresses import LiveKey, find_undeclared_addresses
from notifconf.plan.codec import Basis
from notifconf.plan.coverage import find_effect, find_shortfalls, find_silences, refuse_silences, warn_of_removals
from notifconf.plan.diff import References, create, find_differences, update
from notifconf.plan.match import Matching, match
from notifconf.plan.order import Scope, select_scope, sort_changes
from notifconf.plan.ownership import find_ownership, mark_pairs, warn_of_unmarked
from notifconf.plan.prune import OTHER_OWNER, Protection, limit_deletes, make_protection, prune
from notifconf.plan.rules import Rules


def conceal(plan: Plan, mask: Mask) -> Plan:
    """Return the plan with each text masked in which `mask` finds a secret."""
    addresses = {change.address: _conceal_address(change.address, change.id, mask) for change in plan.changes}
    return replace(
        plan,
        changes=tuple(_conceal_change(change, addresses, mask) for change in plan.changes),
        unchanged=mask.each(plan.unchanged),
        unmanaged=tuple(
            item._replace(address=_conceal_address(item.address, item.id, mask), place=mask(item.place))
            for item in plan.unmanaged
        ),
        silences=tuple(Silence(addresses[item.address], mask(item.message)) for item in plan.silences),
        diagnostics=tuple(mask.diagnostic(item) for item in plan.diagnostics),
    )


def conceal_live(live: Live, workspace: Workspace | None) -> Live:
    """Return what may be shown of a live state, next to a workspace."""
    return live.conceal(Mask((*(workspace.secrets if workspace is not None else ()), *live.secrets)))


def _conceal_change(change: Change, addresses: Mapping[str, str], mask: Mask) -> Change:
    before = _conceal_attributes(change.before, mask)
    after = _conceal_attributes(change.after, mask, change.before)
    address = addresses[change.address]
    depends_on = tuple(addresses[item] for item in change.depends_on)
    return replace(
        change,
        address=address,
        before=before,
        after=after,
        depends_on=depends_on,
        place=mask(change.place),
        mute=change.mute and change.mute._replace(reason=change.mute.reason and mask(change.mute.reason)),
        differences=find_differences(before or {}, after or {}) if change.action is Action.UPDATE else (),
    )


def _conceal_address(address: str, object_id: str | None, mask: Mask) -> str:
    """Return an address without a secret. The id keeps masked addresses different."""
    shown = mask(address)
    return shown if shown == address or object_id is None else f"{shown}#{object_id}"


def _conceal_attributes(
    attributes: Attributes | None, mask: Mask, before: Attributes | None = None
) -> Attributes | None:
    if attributes is None:
        return None
    known: Attributes = attributes if before is None else before
    return freeze({name: _conceal_value(value, known.get(name), mask) for name, value in attributes.items()})


def _conceal_value(value: PlanValue, before: PlanValue, mask: Mask) -> PlanValue:
    """Return what a plan may show of `value`. `before` is the live value."""
    if isinstance(value, str):
        return Sensitive(changed=value != before) if mask.finds(value) else value
    if isinstance(value, Reference):
        return replace(value, target=mask(value.target), name=mask(value.name))
    if isinstance(value, tuple):
        items = tuple(_conceal_value(item, item, mask) for item in value)
        # A list is one value: `apply` takes it whole from the workspace.
        return Sensitive(changed=value != before) if any(isinstance(item, Sensitive) for item in items) else items
    if isinstance(value, Mapping):
        known = before if isinstance(before, Mapping) else {}
        return {name: _conceal_value(member, known.get(name), mask) for name, member in value.items()}
    return value


DEFAULT_OPTIONS = Options()


def apply_options(workspace: Workspace, options: Options) -> Workspace:
    """Return the workspace with the options of the command line in its policy."""
    policy = workspace.policy
    if options.mode is not None:
        policy = replace(policy, mode=options.mode)
    if options.max_deletes is not None:
        policy = replace(policy, max_deletes=options.max_deletes)
    if options.discover is not None:
        policy = replace(policy, discover=options.discover)
    if options.silences == "refuse":
        policy = replace(policy, silences="refuse")
    if options.take_over:
        policy = replace(policy, takes_over=tuple(sorted(set(options.take_over))))
    return replace(workspace, policy=policy)


Secrets: TypeAlias = Mapping[tuple[str, str], Value]
"""(address, JSON pointer) -> the declared value that a plan only marks as sensitive: a secret, or what holds one."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan and, apart from it, what `apply` needs to carry it out.

    `live` is the live state that the plan was made for. `secrets` holds the declared values that the plan marks as
    sensitive. `verify` says whether the targets of integrations are tested before they are written.
    `find_remaining(live, ids)` returns what is still to do after an apply: `live` is the state by then, `ids` holds the
    id of each object that the apply created, by its address. `basis` is there where the endpoint is known, and
    the `workspace` that was planned where the plan does not come from a file.
    """

    plan: Plan
    live: Live = field(repr=False)
    secrets: Secrets = field(repr=False)
    find_remaining: Callable[[Live, Mapping[str, str]], Plan] = field(repr=False, compare=False)
    verify: bool = True
    basis: Basis | None = None
    workspace: Workspace | None = field(default=None, repr=False)


def propose(
    workspace: Workspace, live: Live, now: datetime, rules: Rules, options: Options = DEFAULT_OPTIONS
) -> Proposal:
    """Plan what makes the live state as declared, and find the secrets that the plan refers to.

    `now` is timezone-aware, since mutes end. Nothing is raised. Errors are in the plan's diagnostics, beside what can
    be known in spite of them.
    """
    # A target that the apply deletes names nothing afterwards.
    later = options._replace(targets=(), targets_if_exist=(*options.targets, *options.targets_if_exist))
    plan, secrets = _plan(workspace, live, now, rules, options)

    def find_remaining(after: Live, _ids: Mapping[str, str]) -> Plan:
        return make_plan(workspace, after, now, rules, later)

    verify = workspace.policy.verify_integrations
    return Proposal(plan, live, secrets, find_remaining, verify, workspace=workspace)


def make_plan(
    workspace: Workspace, live: Live, now: datetime, rules: Rules, options: Options = DEFAULT_OPTIONS
) -> Plan:
    """Return the plan alone."""
    return _plan(workspace, live, now, rules, options)[0]


def _plan(workspace: Workspace, live: Live, now: datetime, rules: Rules, options: Options) -> tuple[Plan, Secrets]:
    workspace = apply_options(workspace, options)
    kinds = {kind.name: kind for kind in rules.kinds}
    resolution = rules.resolve(workspace, live, now)
    matching = match(resolution.resources, live.resources, workspace.policy)
    matching.diagnostics += mark_pairs(matching, workspace.policy, kinds)
    references = _name_references(matching, live, kinds, workspace.policy)
    addresses = find_undeclared_addresses(matching.undeclared, matching, kinds)
    managed_kinds = workspace.declarations.managed | resolution.discovered
    guards = make_protection(workspace.policy, rules, live.resources, matching, addresses)
    comparison = _compare(matching, workspace, kinds, references, guards)
    pruning = prune(
        [item for item in matching.undeclared if item.kind in managed_kinds],
        live.resources,
        comparison.changes,
        left_alone=resolution.left_alone,
        protection=guards,
        references=references,
    )
    declared = [resource.address for resource in resolution.resources]
    unresolved = list(_find_addresses((*workspace.diagnostics, *resolution.diagnostics)))
    scoped = select_scope(
        Scope(
            sort_changes((*comparison.changes, *pruning.changes), rules.kinds),
            tuple(address for kind in rules.kinds for address in sorted(comparison.unchanged[kind.name])),
            pruning.unmanaged,
            (
                *resolution.diagnostics,
                *matching.diagnostics,
                *rules.review(matching.pairs, matching.undeclared, live),
                *comparison.diagnostics,
                *pruning.diagnostics,
                *guards.find_unused(managed_kinds, (*declared, *unresolved)),
                *warn_of_unmarked(workspace.policy, live, rules.kinds),
            ),
        ),
        options,
        declared,
        unresolved,
    )
    mask = Mask((*workspace.secrets, *live.secrets))
    if not workspace.is_valid:
        return conceal(_make_invalid_plan(workspace, scoped.diagnostics, rules), mask), {}
    result = find_effect(scoped.changes, live, rules)
    silences = tuple(find_silences(scoped.changes, rules, result))
    managed = _count_managed(live.resources, managed_kinds, resolution.left_alone) if pruning.changes else Counter()
    managed.subtract(item.kind for item in pruning.unmanaged if item.kept == OTHER_OWNER)
    found = (
        *workspace.diagnostics,
        *scoped.diagnostics,
        *warn_of_removals(scoped.changes, result),
        *limit_deletes(scoped.changes, managed, workspace.policy, force=options.force),
        *find_shortfalls(result, workspace.policy, force=options.force),
        *refuse_silences(silences, scoped.changes, workspace.policy, options),
    )
    plan = Plan(
        provider=rules.name,
        changes=scoped.changes,
        unchanged=scoped.unchanged,
        unmanaged=scoped.unmanaged,
        silences=silences,
        diagnostics=_sort(found),
        mode=workspace.policy.mode,
        until=resolution.until,
        part=options.part,
        owner=workspace.policy.owner,
        takes_over=workspace.policy.takes_over or (),
    )
    shown = conceal(plan, mask)
    return shown, find_secrets(plan.changes, shown.changes, (desired for desired, _ in matching.pairs))


def find_declared(workspace: Workspace | None, live: Live, now: datetime, rules: Rules) -> Declared:
    """Return what a workspace has to do with what lives: the address of each object, and what is declared."""
    kinds = {kind.name: kind for kind in rules.kinds}
    resources = rules.resolve(workspace, live, now).resources if workspace is not None else ()
    matching = match(resources, live.resources, workspace.policy if workspace is not None else Policy())
    addresses = find_undeclared_addresses(matching.undeclared, matching, kinds)
    for desired, found in matching.pairs:
        if found is not None:
            addresses[found.kind, found.id] = desired.address
    return Declared(now, addresses, workspace, {item.address: item for item in resources})


def find_saved_secrets(
    plan: Plan, workspace: Workspace, live: Live, now: datetime, rules: Rules, *, options: Options
) -> Secrets:
    """Return the values in a workspace that a saved plan, which was made with these options, marks as sensitive.

    `live` is what the plan touches.
    """
    workspace = apply_options(workspace, options)
    matching = match(rules.resolve(workspace, live, now).resources, live.resources, workspace.policy)
    mark_pairs(matching, workspace.policy, {kind.name: kind for kind in rules.kinds})
    return find_secrets(plan.changes, plan.changes, (desired for desired, _ in matching.pairs))


def find_secrets(changes: Sequence[Change], shown: Sequence[Change], resources: Iterable[Resource]) -> Secrets:
    """Return the declared values that the `shown` changes only mark as sensitive.

    A value may hold a secret without being one: a text, or a list. `changes` are the same ones with nothing masked,
    since an address may be masked too.
    """
    if not changes:
        return {}
    attributes = {resource.address: resource.attributes for resource in resources}
    return {
        (masked.address, path): value
        for change, masked in zip(changes, shown, strict=True)
        if (paths := {path for path, _ in iterate_sensitive(masked.after)})
        for path, value in iterate_values(attributes.get(change.address))
        if path in paths
    }


def iterate_values(value: Value, path: str = "") -> Iterator[tuple[str, Value]]:
    """Yield every secret, text and list in a value, each with its JSON pointer."""
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield from iterate_values(member, f"{path}/{name}")
    elif isinstance(value, Secret | str | tuple):
        yield path, value


def iterate_sensitive(value: PlanValue, path: str = "") -> Iterator[tuple[str, Sensitive]]:
    """Yield what stands for the secrets of an object, each with its JSON pointer."""
    if isinstance(value, Sensitive):
        yield path, value
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield from iterate_sensitive(member, f"{path}/{name}")


def _make_invalid_plan(workspace: Workspace, found: Iterable[Diagnostic], rules: Rules) -> Plan:
    """Return a plan without changes that shows the errors: of the workspace, and those that the live state reveals.

    The live state may reveal an error of the workspace again, with another message. It is shown once.
    """
    known = {(item.code, item.position) for item in workspace.diagnostics}
    others = (item for item in found if item.severity == "error" and (item.code, item.position) not in known)
    return Plan(rules.name, diagnostics=_sort((*workspace.diagnostics, *others)), mode=workspace.policy.mode)


def _sort(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(dict.fromkeys(diagnostics), key=lambda item: item.sort_key))


def _find_addresses(diagnostics: Iterable[Diagnostic]) -> Iterator[str]:
    """Return the addresses of diagnostics: of what is declared, and could not be resolved, too."""
    return (item.address for item in diagnostics if item.address is not None)


@dataclass(slots=True)
class _Comparison:
    changes: list[Change] = field(default_factory=list)
    unchanged: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """By kind: addresses."""
    diagnostics: list[Diagnostic] = field(default_factory=list)


def _compare(
    matching: Matching, workspace: Workspace, kinds: Mapping[str, Kind], references: References, guards: Protection
) -> _Comparison:
    result = _Comparison()
    for desired, live in matching.pairs:
        kind = kinds[desired.kind]
        if live is not None:
            change = update(desired, live, kind, references)
        else:
            change = create(desired, kind, references) if desired.create else None
        if change is None or (change.action is Action.UPDATE and workspace.policy.mode is Mode.CREATE_ONLY):
            result.unchanged[desired.kind].append(desired.address)
            continue
        change, forbidden = guards.judge(_block(change, desired, matching.broken))
        result.changes.append(change)
        result.diagnostics += forbidden
    return result


def _block(change: Change, desired: Resource, broken: Mapping[str, str]) -> Change:
    """Block a change if its object refers to something that could not be matched."""
    if change.blocked is not None or not broken:
        return change
    for value in desired.attributes.values():
        for target in value if isinstance(value, tuple) else (value,):
            if isinstance(target, str) and target in broken:
                return replace(change, blocked=broken[target])
    return change


def _name_references(matching: Matching, live: Live, kinds: Mapping[str, Kind], policy: Policy) -> References:
    """Return the ids and names for references. A declared object has its declared name, others have their live name.

    As with addresses, `#ID` tells live objects apart that would have one name.
    """
    names = dict(live.names)
    ids: dict[str, str] = {}
    targets = [pair for pair in matching.pairs if kinds[pair[0].kind].is_target]
    for desired, found in targets:
        names[desired.address] = desired.name or desired.address
        if found is not None:
            ids[desired.address] = found.id
            names[found.id] = names[desired.address] if desired.writable else found.name
    living = {item.id for item in live.resources if kinds[item.kind].is_target and item.id in names}
    created = {desired.address for desired, found in targets if found is None}
    shared = Counter(names[target] for target in living | created)
    names |= {target: f"{names[target]}#{target}" for target in living if shared[names[target]] > 1}
    return References(ids, names, find_ownership(policy, targets, live.resources))


def _count_managed(
    live: Sequence[LiveResource], managed: frozenset[str], left_alone: frozenset[LiveKey]
) -> Counter[str]:
    """Count the live objects that this workspace manages, by kind. Read-only objects do not count."""
    return Counter(
        item.kind
        for item in live
        if item.kind in managed and item.kept != "read-only" and (item.kind, item.id) not in left_alone
    )

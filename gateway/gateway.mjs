// A Wechaty gateway over the mock puppet: the real gRPC service, and a WeChat that is driven from
// standard input. Each line is either a JSON order for the puppet ({"op": "say", ...}), answered on
// standard output, or plain words for playing by hand:  person room words
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { PuppetServer } from 'wechaty-puppet-service'
import { Puppet } from './puppet.mjs'

const { values } = parseArgs({ options: {
  world: { type: 'string', default: new URL('world.json', import.meta.url).pathname },
  bot: { type: 'string' },
  port: { type: 'string', default: '8788' },
  token: { type: 'string', default: 'puppet_mock_jiedan' },
  tls: { type: 'boolean', default: false },
  play: { type: 'boolean', default: false },
  quiet: { type: 'boolean', default: false },
} })

const world = JSON.parse(readFileSync(values.world, 'utf8'))
world.bot = values.bot ?? world.bot

function tell (what) {
  if (values.play) { show(what) } else if (!values.quiet) { console.log(JSON.stringify(what)) }
}

function show (what) {
  if (what.event === 'sent') {
    const place = world.rooms[what.to]?.topic ?? world.people[what.to] ?? what.to
    console.log(`【${place}】接单助手：${what.file ? `［文件］${what.file}` : what.text}`)
  } else if (what.event === 'listening') {
    console.log(`模拟网关在 127.0.0.1:${what.port}，口令 ${values.token}。`)
    console.log('一行一句：人 群 话，比如  u-r1 R-1@chatroom 3栋的路灯坏了')
    for (const [id, room] of Object.entries(world.rooms)) {
      console.log(`  ${id} ${room.topic}：${room.members.map(m => `${m} ${world.people[m]}`).join('，')}`)
    }
  } else if (what.error) {
    console.log(what.error)
  }
}

function order (line) {
  if (line.startsWith('{')) { return JSON.parse(line) }
  const [from, room, ...words] = line.trim().split(/\s+/)
  if (!world.people[from] || !world.rooms[room]) { throw new Error('写成：人 群 话') }
  const text = words.join(' ')
  return { op: 'say', from, room, text, mentions: text.includes('@接单助手') ? [world.bot] : [] }
}

const puppet = new Puppet(world, tell)
const server = new PuppetServer({
  endpoint: `127.0.0.1:${values.port}`, puppet, token: values.token, tls: { disable: !values.tls },
})
await puppet.start()
const idle = puppet.listenerCount('message') // so many listen when no client is there
puppet.login(world.bot)
await server.start()
tell({ event: 'listening', port: Number(values.port) })

createInterface({ input: process.stdin }).on('line', line => {
  if (!line.trim()) { return }
  try {
    const { op, ...what } = order(line)
    const heard = puppet.listenerCount('message') > idle
    if (op === 'flood') {
      for (let i = 0; i < what.count; i++) {
        puppet.say({ ...what, id: `${what.id}${i}`, text: `${what.text}${i}` })
      }
      tell({ event: 'done', op, heard })
    } else {
      tell({ event: 'done', op, id: puppet[op](what), heard })
    }
  } catch (error) {
    tell({ event: 'failed', error: error.message })
  }
}).on('close', () => { if (!values.play) { process.exit(0) } })

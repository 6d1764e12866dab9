// The mock puppet from npm, with what WeChat does and the stock one leaves out: mentions that ring,
// ids of what was sent, files of people, recalls, places, invitations, friend requests, being muted,
// removed, logged out, slow.
import cuid from 'cuid'
import { FileBox } from 'file-box'
import * as PUPPET from 'wechaty-puppet'
import { PuppetMock } from 'wechaty-puppet-mock'

const MENTION_END = '\u2005' // WeChat writes this narrow space after the name of whoever is mentioned

export class Puppet extends PuppetMock {

  constructor (world, tell) {
    super()
    this.world = world
    this.tell = tell // what happens, for whoever drives the gateway
    this.muted = new Set()
    this.delay = 0
    this.failures = 0
    this.files = new Map()
    this.places = new Map()
    this.requests = new Map()
    for (const [id, name] of Object.entries(world.people)) {
      this.mocker.createContact({ id, name, friend: (world.friends ?? []).includes(id), avatar: '' })
    }
    for (const [id, room] of Object.entries(world.rooms)) {
      this.mocker.createRoom({ id, topic: room.topic ?? id, memberIdList: [...room.members], avatar: '' })
    }
  }

  // what people do

  say ({ from, room, to, text, mentions = [], id, type = PUPPET.types.Message.Text, filename, at }) {
    const payload = {
      id: id ?? cuid(), talkerId: from, text, type, filename, timestamp: at ?? Date.now(),
      ...(room ? { roomId: room, mentionIdList: mentions } : { listenerId: to ?? this.world.bot }),
    }
    this.mocker.cacheMessagePayload.set(payload.id, payload)
    this.emit('message', { messageId: payload.id })
    return payload.id
  }

  file ({ name, base64, size, type = PUPPET.types.Message.Image, ...more }) {
    const data = base64 ? Buffer.from(base64, 'base64') : Buffer.alloc(size, 'jiedan')
    const id = more.id ?? cuid()
    this.files.set(id, { data, name })
    return this.say({ ...more, id, type, filename: name, text: '' })
  }

  place ({ address, name, latitude = 28.14, longitude = 113.63, ...more }) {
    const id = more.id ?? cuid()
    this.places.set(id, { accuracy: 15, address, latitude, longitude, name })
    return this.say({ ...more, id, type: PUPPET.types.Message.Location, text: '' })
  }

  recall ({ of, ...more }) {
    return this.say({ ...more, text: of, type: PUPPET.types.Message.Recalled })
  }

  rename ({ who, name, room }) {
    this.mocker.cacheContactPayload.get(who).name = name
    const Payload = PUPPET.types.Payload
    this.dirtyPayload(Payload.Contact, who)
    if (room) { this.dirtyPayload(Payload.RoomMember, room + PUPPET.STRING_SPLITTER + who) }
  }

  invite ({ from, topic, room, id = cuid() }) {
    this.requests.set(id, {
      id, inviterId: from, topic, room, invitation: '', avatar: '', memberCount: 3, memberIdList: [],
      receiverId: this.world.bot, timestamp: Date.now(),
    })
    this.emit('room-invite', { roomInvitationId: id })
    return id
  }

  friend ({ from, hello, id = cuid() }) {
    this.requests.set(id, {
      id, contactId: from, hello, type: PUPPET.types.Friendship.Receive, timestamp: Date.now(),
      ticket: '', stranger: '', scene: 0,
    })
    this.emit('friendship', { friendshipId: id })
    return id
  }

  join ({ room, who, by }) {
    this.mocker.cacheRoomPayload.get(room).memberIdList.push(who)
    this.dirtyPayload(PUPPET.types.Payload.Room, room)
    this.emit('room-join', { inviteeIdList: [who], inviterId: by, roomId: room, timestamp: Date.now() })
  }

  leave ({ room, who, by }) {
    const payload = this.mocker.cacheRoomPayload.get(room)
    payload.memberIdList = payload.memberIdList.filter(id => id !== who)
    this.dirtyPayload(PUPPET.types.Payload.Room, room)
    this.emit('room-leave', { removeeIdList: [who], removerId: by, roomId: room, timestamp: Date.now() })
  }

  mute ({ room }) { this.muted.add(room) }
  unmute ({ room }) { this.muted.delete(room) }
  slow ({ ms }) { this.delay = ms }
  fail ({ times }) { this.failures = times }
  out () { this.logout('the phone said so') }
  in () { this.login(this.world.bot) }

  // what the bot does

  async messageSendText (conversationId, text, mentions = []) {
    await this.#mayTalk(conversationId)
    const names = mentions.map(id => `@${this.mocker.cacheContactPayload.get(id)?.name ?? id}${MENTION_END}`)
    return this.#sent(conversationId, { text: names.join('') + text, mentions })
  }

  async messageSendFile (conversationId, file) {
    await this.#mayTalk(conversationId)
    const data = await file.toBuffer()
    return this.#sent(conversationId, { file: file.name, size: data.length, text: '', mentions: [] })
  }

  async #mayTalk (conversationId) {
    if (this.delay) { await new Promise(resolve => setTimeout(resolve, this.delay)) }
    if (this.failures > 0) { this.failures--; throw new Error('the network is busy') }
    if (!this.isLoggedIn) { throw new Error('not logged in') }
    if (this.muted.has(conversationId)) { throw new Error('muted in this room') }
    const room = this.mocker.cacheRoomPayload.get(conversationId)
    const known = room ? room.memberIdList.includes(this.world.bot)
      : this.mocker.cacheContactPayload.has(conversationId)
    if (!known) { throw new Error('not a member of this conversation') }
  }

  #sent (conversationId, what) {
    const id = cuid()
    const isRoom = this.mocker.cacheRoomPayload.has(conversationId)
    this.tell({ event: 'sent', id, to: conversationId, ...what })
    // WeChat shows an account its own words too
    this.say({ from: this.world.bot, ...(isRoom ? { room: conversationId } : { to: conversationId }),
      text: what.text, mentions: what.mentions, id,
      type: what.file ? PUPPET.types.Message.Image : PUPPET.types.Message.Text })
    return id
  }

  async messageFile (id) {
    const kept = this.files.get(id)
    if (!kept) { throw new Error('no file for id ' + id) }
    return FileBox.fromBase64(kept.data.toString('base64'), kept.name) // small buffers it can't pass on
  }

  stall ({ ms }) { this.reading = ms }

  async messageRawPayload (id) {
    if (this.reading) { await new Promise(resolve => setTimeout(resolve, this.reading)) }
    const payload = await super.messageRawPayload(id)
    if (this.world.traced && payload.talkerId !== this.world.bot) { this.tell({ event: 'read', id }) }
    return payload
  }

  async messageImage (id) { return this.messageFile(id) }
  async messageLocation (id) { return this.places.get(id) }
  async roomInvitationRawPayload (id) { return this.requests.get(id) }
  async friendshipRawPayload (id) { return this.requests.get(id) }

  async roomInvitationAccept (id) {
    const asked = this.requests.get(id)
    this.tell({ event: 'accepted', id })
    if (asked.room) { this.join({ room: asked.room, who: this.world.bot, by: asked.inviterId }) }
  }

  async friendshipAccept (id) {
    const asked = this.requests.get(id)
    this.tell({ event: 'accepted', id })
    this.mocker.cacheContactPayload.get(asked.contactId).friend = true
    this.dirtyPayload(PUPPET.types.Payload.Contact, asked.contactId)
  }

  async roomList () {
    const rooms = [...this.mocker.cacheRoomPayload.values()]
    return rooms.filter(room => room.memberIdList.includes(this.world.bot)).map(room => room.id)
  }

}

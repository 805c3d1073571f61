'use strict'

// A house: rooms from top to bottom. A room is a folder, or a file beside them; it may use those below it,
// and no two files may lead to each other.

/**
 * Compares imports, file by file, with rooms from top to bottom. `arrows`: each room's use of others;
 * `faults`: sentences that name the files.
 */
function checkRooms (imports, rooms) {
  const roomOf = file => file.split('/')[0].replace(/\.\w+$/, '')
  const arrows = new Map(rooms.map(room => [room, new Set()]))
  const faults = []
  for (const [file, targets] of imports) {
    const from = rooms.indexOf(roomOf(file))
    if (from === -1) faults.push(`${file} is in no room`)
    for (const target of targets) {
      const to = rooms.indexOf(roomOf(target))
      if (from === -1 || to === -1 || from === to) continue
      arrows.get(rooms[from]).add(rooms[to])
      if (to < from) faults.push(`${file} uses ${target}, which is above it`)
    }
  }
  return { arrows: inOrder(arrows, rooms), faults: [...faults, ...circlesIn(imports)] }
}

function inOrder (arrows, rooms) {
  return new Map(Array.from(arrows, ([room, used]) => [room, rooms.filter(one => used.has(one))]))
}

/** Walks the imports depth first; a file that is met again on the way to itself closes a circle. */
function circlesIn (imports) {
  const circles = []
  const finished = new Set()
  const visit = (file, way) => {
    if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(' → ') + ' is a circle')
    if (way.includes(file) || finished.has(file)) return
    for (const target of imports.get(file) ?? []) visit(target, [...way, file])
    finished.add(file)
  }
  for (const file of imports.keys()) visit(file, [])
  return circles
}

/** Arrows as lines of text. */
function asText (arrows) {
  return Array.from(arrows, ([room, used]) => `${room} → ${used.join(', ') || 'nothing'}`).join('\n')
}

/**
 * Houses as one Mermaid flow chart, which GitHub and mermaid.live draw. An arrow that others imply is left
 * out. `doors`: arrows from a house's room to another's, each with a text.
 */
function asMermaid (houses, doors) {
  const lines = []
  const id = (house, room) => `${house}_${room.replace('-', '_')}`
  for (const [house, arrows] of Object.entries(houses)) {
    lines.push(`  subgraph ${house} ["${house}/"]`)
    for (const room of arrows.keys()) lines.push(`    ${id(house, room)}["${room}"]`)
    for (const [room, used] of needed(arrows)) {
      for (const one of used) lines.push(`    ${id(house, room)} --> ${id(house, one)}`)
    }
    lines.push('  end')
  }
  for (const [from, text, to] of doors) lines.push(`  ${id(...from)} -->|${text}| ${id(...to)}`)
  return ['flowchart TD', ...lines].join('\n')
}

/** The arrows without those that lead where a longer way leads, too. */
function needed (arrows) {
  const rooms = [...arrows.keys()]
  const isBelow = (room, one) => rooms.indexOf(room) < rooms.indexOf(one)
  const reaches = (from, to) => arrows.get(from).some(one => one === to || (isBelow(from, one) && reaches(one, to)))
  return new Map(Array.from(arrows, ([room, used]) => {
    return [room, used.filter(one => !used.some(other => isBelow(other, one) && reaches(other, one)))]
  }))
}

module.exports = { asMermaid, asText, checkRooms }

# Work for ruby: fixed, its answer checked. Strings are longer than what an object holds by itself,
# so that their bytes come from malloc.
seed = 12345
draw = lambda do |bound|
  seed = (seed * 1103515245 + 12345) & 0x7fffffff
  (seed >> 8) % bound
end

kept = []
dropped = 0
12.times do |chunk|
  garbage = Array.new(15_000) { |i| 'x' * (24 + draw.call(40)) }
  dropped += garbage.sum(&:length)
  kept.concat(garbage.each_slice(20).map(&:first))
  kept << 'y' * 100_000
end

counts = Hash.new(0)
kept.each { |text| counts[text.length] += 1 }

Item = Struct.new(:id, :name, :links)
items = Array.new(12_000) { |i| Item.new(i, "item-number-#{i}-of-a-longer-name", []) }
items.each { |item| (1 + draw.call(5)).times { item.links << draw.call(items.size) } }
order = items.sort_by { |item| [item.links.size, item.name] }
joined = order.map(&:name).join(',')
parts = joined.split(',')

abort "parts: #{parts.size}" unless parts.size == items.size
abort "kept: #{kept.size}" unless counts.values.sum == kept.size && kept.size == 12 * 751
abort 'nothing dropped' unless dropped > 0

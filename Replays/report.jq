# What `reel replay --json` says of differences, without digests, contents and random names, which are others each time.
select(.subject != "summary" and .identical == false)
| if .carried then "carried: \(.subject) of \(.name)"
  else
    "\(.subject) of \(.name)",
    ([.paths[]? | "  \(.path | gsub("[0-9a-f]{12}"; "RANDOM")): \([.fields[].field] | join(", "))"] | sort | .[]),
    "  suspects: \([.suspects[]?.suspect] | join(", "))"
  end

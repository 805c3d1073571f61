/** `req` is the request that the custom server has put the session on. */
export async function getServerSideProps ({ req }) {
  req.session.visits = (req.session.visits ?? 0) + 1
  return { props: { visits: req.session.visits } }
}

export default function Home ({ visits }) {
  return <main>{`Visit ${visits}`}</main>
}

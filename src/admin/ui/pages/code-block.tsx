/** Text to read as it is, that scrolls by the keyboard too. */
export function CodeBlock(props: { readonly label: string; readonly text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to take the keyboard.
    <section class="code-block" aria-label={props.label} tabIndex={0}>
      <pre>{props.text}</pre>
    </section>
  );
}
